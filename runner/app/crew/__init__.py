"""``--processes``: the hosts of a run shared out among several processes.

One process with threads does all the work of a run on one core, because Python runs one thread at
a time. A crew is this process and some that it forks, its mates. Each mate walks over hosts of its
own with all that belongs to them: links, variables, handlers. What a run has only one of stays
here: the journal with its one writer, the pace of connections, what is known of passwords, those
who watch, Ctrl-C. Hosts that wait for each other are never parted (``ties``); where all of them
would have to stay together, the run goes in one process, and says so.
"""
