/* The host of a remote shell on a Wine machine: what winrshost.exe is to WinRM.
 *
 * It reads frames on its standard input and answers with frames on its standard output; a frame is
 * a kind (one byte in a DWORD), a size and so many bytes. One command runs at a time, in a hidden
 * console with the code page that the shell was opened with.
 *
 * in   R  run: code page (DWORD), then command line, folder, NAME=value... as UTF-16 with NULs
 *      I  bytes for the command's standard input; none means the end of it
 *      K  end the command and all that it started
 * out  1, 2  bytes of standard output and standard error
 *      X  the command has ended: its exit code, and 1 if something it started still holds the pipes
 *      F  the command could not be started: the Win32 error
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define LINGER 3000 /* milliseconds of silence after which what still holds the pipes is left to it */
#define OTHERS 5 /* so many times that long at most, while something else of the job runs */
#define PATIENCE 40 /* so many times where nothing is left that could hold the pipes */
#define KILLED 0xC000013A /* STATUS_CONTROL_C_EXIT */

static CRITICAL_SECTION writing, owning;
static HANDLE from, to, job, feeding;
static volatile LONG moved, busy; /* how often output came; how many pumps are handing some on */
static WCHAR *changed[256], *before[256];

static void put(DWORD kind, const void *data, DWORD size)
{
    DWORD head[2] = {kind, size}, done, at = 0;
    EnterCriticalSection(&writing);
    if (!WriteFile(to, head, sizeof head, &done, NULL)) ExitProcess(1);
    while (at < size) {
        if (!WriteFile(to, (const char *)data + at, size - at, &done, NULL)) ExitProcess(1);
        at += done;
    }
    LeaveCriticalSection(&writing);
}

static BOOL get(void *data, DWORD size)
{
    DWORD done, at = 0;
    while (at < size) {
        if (!ReadFile(from, (char *)data + at, size - at, &done, NULL) || !done) return FALSE;
        at += done;
    }
    return TRUE;
}

struct stream { HANDLE pipe; DWORD kind; };
struct running { HANDLE process, pumps[2]; };

static DWORD WINAPI pump(void *argument)
{
    struct stream *stream = argument;
    static __thread char data[65536];
    DWORD done;
    while (ReadFile(stream->pipe, data, sizeof data, &done, NULL)) {
        InterlockedIncrement(&busy);
        InterlockedIncrement(&moved);
        if (done) put(stream->kind, data, done);
        InterlockedDecrement(&busy);
    }
    CloseHandle(stream->pipe);
    HeapFree(GetProcessHeap(), 0, stream);
    return 0;
}

static void stop_feeding(void)
{
    if (feeding) CloseHandle(feeding);
    feeding = NULL;
}

/* Whether the command was the last of its job. */
static BOOL alone(void)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION found;
    return QueryInformationJobObject(job, JobObjectBasicAccountingInformation, &found, sizeof found,
                                     NULL) && !found.ActiveProcesses;
}

/* Wait for the rest of the output; whether that was all of it. A busy computer may take its time:
 * what counts is silence, and whether there is anyone who could still break it. */
static BOOL drained(struct running *run)
{
    for (int rounds = 1; rounds < PATIENCE; rounds++) {
        LONG seen = moved;
        if (WaitForMultipleObjects(2, run->pumps, TRUE, LINGER) != WAIT_TIMEOUT) return TRUE;
        if (!alone() && (rounds >= OTHERS || (seen == moved && !busy))) return FALSE;
    }
    return FALSE;
}

static DWORD WINAPI watch(void *argument)
{
    struct running *run = argument;
    DWORD end[2] = {0, 0};
    WaitForSingleObject(run->process, INFINITE);
    GetExitCodeProcess(run->process, &end[0]);
    end[1] = !drained(run);
    EnterCriticalSection(&owning);
    stop_feeding();
    CloseHandle(job);
    job = NULL;
    LeaveCriticalSection(&owning);
    put('X', end, sizeof end);
    if (end[1]) ExitProcess(0);
    CloseHandle(run->process);
    CloseHandle(run->pumps[0]);
    CloseHandle(run->pumps[1]);
    HeapFree(GetProcessHeap(), 0, run);
    return 0;
}

static HANDLE start_pump(HANDLE pipe, DWORD kind)
{
    struct stream *stream = HeapAlloc(GetProcessHeap(), 0, sizeof *stream);
    stream->pipe = pipe;
    stream->kind = kind;
    return CreateThread(NULL, 0, pump, stream, 0, NULL);
}

static WCHAR *copy(const WCHAR *text)
{
    WCHAR *made = HeapAlloc(GetProcessHeap(), 0, (lstrlenW(text) + 1) * sizeof *made);
    return lstrcpyW(made, text);
}

/* Set the shell's variables; restore() takes them back. */
static void set(WCHAR *variables)
{
    int count = 0;
    for (; *variables && count < 255; variables += lstrlenW(variables) + 1) {
        WCHAR *text = copy(variables), *value = text, old[32767];
        while (*value && *value != '=') value++;
        if (*value) *value++ = 0;
        before[count] = GetEnvironmentVariableW(text, old, 32767) ? copy(old) : NULL;
        changed[count++] = text;
        SetEnvironmentVariableW(text, value);
    }
    changed[count] = NULL;
}

static void restore(void)
{
    for (int at = 0; changed[at]; at++) {
        SetEnvironmentVariableW(changed[at], before[at]);
        HeapFree(GetProcessHeap(), 0, changed[at]);
        if (before[at]) HeapFree(GetProcessHeap(), 0, before[at]);
    }
}

static void run(DWORD codepage, WCHAR *line)
{
    WCHAR *folder = line + lstrlenW(line) + 1;
    WCHAR *variables = folder + lstrlenW(folder) + 1;
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    HANDLE out, err, in;
    SetConsoleCP(codepage);
    SetConsoleOutputCP(codepage);
    CreatePipe(&start.hStdInput, &in, &inherited, 1 << 20);
    CreatePipe(&out, &start.hStdOutput, &inherited, 1 << 16);
    CreatePipe(&err, &start.hStdError, &inherited, 1 << 16);
    SetHandleInformation(in, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(out, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(err, HANDLE_FLAG_INHERIT, 0);
    start.dwFlags = STARTF_USESTDHANDLES;
    set(variables);
    BOOL started = CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL,
                                  *folder ? folder : NULL, &start, &made);
    DWORD error = GetLastError();
    restore();
    CloseHandle(start.hStdInput);
    CloseHandle(start.hStdOutput);
    CloseHandle(start.hStdError);
    if (!started) {
        CloseHandle(in);
        CloseHandle(out);
        CloseHandle(err);
        put('F', &error, sizeof error);
        return;
    }
    EnterCriticalSection(&owning);
    feeding = in;
    job = CreateJobObjectW(NULL, NULL);
    AssignProcessToJobObject(job, made.hProcess);
    LeaveCriticalSection(&owning);
    struct running *running = HeapAlloc(GetProcessHeap(), 0, sizeof *running);
    running->process = made.hProcess;
    running->pumps[0] = start_pump(out, '1');
    running->pumps[1] = start_pump(err, '2');
    ResumeThread(made.hThread);
    CloseHandle(made.hThread);
    CloseHandle(CreateThread(NULL, 0, watch, running, 0, NULL));
}

static int serve(void)
{
    static char data[1 << 18];
    DWORD head[2], done;
    from = GetStdHandle(STD_INPUT_HANDLE);
    to = GetStdHandle(STD_OUTPUT_HANDLE);
    SetHandleInformation(from, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(to, HANDLE_FLAG_INHERIT, 0);
    SetHandleInformation(GetStdHandle(STD_ERROR_HANDLE), HANDLE_FLAG_INHERIT, 0);
    InitializeCriticalSection(&writing);
    InitializeCriticalSection(&owning);
    while (get(head, sizeof head)) {
        if (head[1] > sizeof data || !get(data, head[1])) return 1;
        if (head[0] == 'R') {
            run(*(DWORD *)data, (WCHAR *)(data + sizeof(DWORD)));
            continue;
        }
        EnterCriticalSection(&owning);
        if (head[0] == 'K' && job) TerminateJobObject(job, KILLED);
        if (head[0] == 'I' && feeding && head[1]) WriteFile(feeding, data, head[1], &done, NULL);
        if (head[0] == 'I' && !head[1]) stop_feeding();
        LeaveCriticalSection(&owning);
    }
    return 0;
}

/* Only a process that is started so gets a console that needs no display: start ourselves again. */
static int again(void)
{
    WCHAR path[MAX_PATH], line[MAX_PATH + 16];
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wsprintfW(line, L"\"%s\" serve", path);
    start.dwFlags = STARTF_USESTDHANDLES;
    start.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
    start.hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE);
    start.hStdError = GetStdHandle(STD_ERROR_HANDLE);
    return !CreateProcessW(path, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &start,
                           &made);
}

int main(int count, char **words)
{
    (void)words;
    return count > 1 ? serve() : again();
}
