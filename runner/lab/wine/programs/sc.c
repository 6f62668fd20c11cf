/* sc.exe for Wine, whose own lacks config, qc, queryex and enumdepend, and returns 1 for every
 * failure. All it does is ask Wine's service control manager; exit codes are the Win32 errors that
 * the manager gives, as with Microsoft's sc (Microsoft, "Sc query", "Sc config"). */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdarg.h>
#include <stdio.h>
#include <wchar.h>

#define BAD_LINE 1639 /* ERROR_INVALID_COMMAND_LINE */

static WCHAR **words;
static int count;
static SC_HANDLE manager;
static BYTE room[1 << 18], more[8192];

static void say(const WCHAR *format, ...)
{
    static WCHAR text[40000];
    static char bytes[120000];
    DWORD done;
    va_list values;
    va_start(values, format);
    vswprintf(text, 40000, format, values);
    va_end(values);
    UINT page = GetConsoleOutputCP();
    int size = WideCharToMultiByte(page ? page : GetOEMCP(), 0, text, -1, bytes, sizeof bytes,
                                   NULL, NULL);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, size ? size - 1 : 0, &done, NULL);
}

static int failed(const WCHAR *call)
{
    DWORD error = GetLastError();
    WCHAR text[512] = L"";
    FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0,
                   text, 512, NULL);
    say(L"[SC] %ls FAILED %lu:\r\n\r\n%ls\r\n", call, error, text);
    return error;
}

static SC_HANDLE open(const WCHAR *name, DWORD rights)
{
    return OpenServiceW(manager, name, rights);
}

static const WCHAR *state_text(DWORD state)
{
    static const WCHAR *texts[] = {L"?", L"STOPPED", L"START_PENDING", L"STOP_PENDING", L"RUNNING",
                                   L"CONTINUE_PENDING", L"PAUSE_PENDING", L"PAUSED"};
    return texts[state < 8 ? state : 0];
}

static const WCHAR *type_text(DWORD type)
{
    switch (type) {
    case 0x1: return L"KERNEL_DRIVER";
    case 0x2: return L"FILE_SYSTEM_DRIVER";
    case 0x10: return L"WIN32_OWN_PROCESS";
    case 0x20: return L"WIN32_SHARE_PROCESS";
    case 0x110: return L"WIN32_OWN_PROCESS (interactive)";
    case 0x120: return L"WIN32_SHARE_PROCESS (interactive)";
    }
    return L"ERROR";
}

static void block(const WCHAR *name, const WCHAR *shown, const SERVICE_STATUS_PROCESS *s, BOOL ex)
{
    DWORD takes = s->dwControlsAccepted;
    say(L"\r\nSERVICE_NAME: %ls%ls\r\n", name, shown ? L"" : L" ");
    if (shown) say(L"DISPLAY_NAME: %ls\r\n", shown);
    say(L"        TYPE               : %lx  %ls  \r\n", s->dwServiceType,
        type_text(s->dwServiceType));
    say(L"        STATE              : %lu  %ls \r\n", s->dwCurrentState,
        state_text(s->dwCurrentState));
    if (s->dwCurrentState != SERVICE_STOPPED)
        say(L"                                (%ls, %ls, %ls)\r\n",
            takes & SERVICE_ACCEPT_STOP ? L"STOPPABLE" : L"NOT_STOPPABLE",
            takes & SERVICE_ACCEPT_PAUSE_CONTINUE ? L"PAUSABLE" : L"NOT_PAUSABLE",
            takes & SERVICE_ACCEPT_SHUTDOWN ? L"ACCEPTS_SHUTDOWN" : L"IGNORES_SHUTDOWN");
    say(L"        WIN32_EXIT_CODE    : %lu  (0x%lx)\r\n", s->dwWin32ExitCode, s->dwWin32ExitCode);
    say(L"        SERVICE_EXIT_CODE  : %lu  (0x%lx)\r\n", s->dwServiceSpecificExitCode,
        s->dwServiceSpecificExitCode);
    say(L"        CHECKPOINT         : 0x%lx\r\n", s->dwCheckPoint);
    say(L"        WAIT_HINT          : 0x%lx\r\n", s->dwWaitHint);
    if (ex) say(L"        PID                : %lu\r\n        FLAGS              : \r\n",
                s->dwProcessId);
}

static int show(SC_HANDLE service, const WCHAR *name, BOOL ex)
{
    SERVICE_STATUS_PROCESS status;
    DWORD size;
    if (!QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status,
                              &size))
        return failed(L"QueryServiceStatusEx");
    block(name, NULL, &status, ex);
    return 0;
}

static int list(BOOL ex)
{
    DWORD states = SERVICE_ACTIVE, types = SERVICE_WIN32, size, found, next = 0;
    for (int at = 2; at < count; at += 2) {
        if (at + 1 == count) return BAD_LINE;
        WCHAR *value = words[at + 1];
        if (!_wcsicmp(words[at], L"state="))
            states = !_wcsicmp(value, L"all") ? SERVICE_STATE_ALL
                     : !_wcsicmp(value, L"inactive") ? SERVICE_INACTIVE : SERVICE_ACTIVE;
        else if (!_wcsicmp(words[at], L"type="))
            types = !_wcsicmp(value, L"all") ? SERVICE_WIN32 | SERVICE_DRIVER
                    : !_wcsicmp(value, L"driver") ? SERVICE_DRIVER : SERVICE_WIN32;
        else if (_wcsicmp(words[at], L"bufsize="))
            return BAD_LINE;
    }
    if (!EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, types, states, room, sizeof room,
                               &size, &found, &next, NULL))
        return failed(L"EnumServicesStatusEx");
    ENUM_SERVICE_STATUS_PROCESSW *all = (void *)room;
    for (DWORD at = 0; at < found; at++)
        block(all[at].lpServiceName, all[at].lpDisplayName, &all[at].ServiceStatusProcess, ex);
    return 0;
}

static int query(BOOL ex)
{
    if (count < 3 || wcschr(words[2], L'=')) return list(ex);
    SC_HANDLE service = open(words[2], SERVICE_QUERY_STATUS);
    return service ? show(service, words[2], ex)
                   : failed(L"EnumQueryServicesStatus:OpenService");
}

static int do_query(void) { return query(FALSE); }
static int do_queryex(void) { return query(TRUE); }

static QUERY_SERVICE_CONFIGW *settings(SC_HANDLE service)
{
    DWORD size;
    return QueryServiceConfigW(service, (void *)more, sizeof more, &size) ? (void *)more : NULL;
}

static int qc(void)
{
    static const WCHAR *starts[] = {L"BOOT_START", L"SYSTEM_START", L"AUTO_START",
                                    L"DEMAND_START", L"DISABLED"};
    static const WCHAR *errors[] = {L"IGNORE", L"NORMAL", L"SEVERE", L"CRITICAL"};
    if (count < 3) return BAD_LINE;
    SC_HANDLE service = open(words[2], SERVICE_QUERY_CONFIG);
    if (!service) return failed(L"OpenService");
    QUERY_SERVICE_CONFIGW *c = settings(service);
    if (!c) return failed(L"QueryServiceConfig");
    say(L"[SC] QueryServiceConfig SUCCESS\r\n\r\nSERVICE_NAME: %ls\r\n", words[2]);
    say(L"        TYPE               : %lx  %ls \r\n", c->dwServiceType,
        type_text(c->dwServiceType));
    say(L"        START_TYPE         : %lu   %ls\r\n", c->dwStartType, starts[c->dwStartType % 5]);
    say(L"        ERROR_CONTROL      : %lu   %ls\r\n", c->dwErrorControl,
        errors[c->dwErrorControl & 3]);
    say(L"        BINARY_PATH_NAME   : %ls\r\n", c->lpBinaryPathName);
    say(L"        LOAD_ORDER_GROUP   : %ls\r\n", c->lpLoadOrderGroup ? c->lpLoadOrderGroup : L"");
    say(L"        TAG                : %lu\r\n", c->dwTagId);
    say(L"        DISPLAY_NAME       : %ls\r\n", c->lpDisplayName);
    const WCHAR *name = c->lpDependencies;
    say(L"        DEPENDENCIES       : %ls\r\n", name ? name : L"");
    while (name && *name && *(name += wcslen(name) + 1))
        say(L"                           : %ls\r\n", name);
    say(L"        SERVICE_START_NAME : %ls\r\n", c->lpServiceStartName);
    return 0;
}

static int qdescription(void)
{
    DWORD size;
    if (count < 3) return BAD_LINE;
    SC_HANDLE service = open(words[2], SERVICE_QUERY_CONFIG);
    if (!service) return failed(L"OpenService");
    if (!QueryServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, more, sizeof more, &size))
        return failed(L"QueryServiceConfig2");
    WCHAR *text = ((SERVICE_DESCRIPTIONW *)more)->lpDescription;
    say(L"[SC] QueryServiceConfig2 SUCCESS\r\n\r\nSERVICE_NAME: %ls\r\nDESCRIPTION:  %ls\r\n",
        words[2], text ? text : L"");
    return 0;
}

static BOOL depends(const WCHAR *service, const WCHAR *on)
{
    SC_HANDLE opened = open(service, SERVICE_QUERY_CONFIG);
    QUERY_SERVICE_CONFIGW *c = opened ? settings(opened) : NULL;
    BOOL found = FALSE;
    for (WCHAR *name = c ? c->lpDependencies : NULL; name && *name; name += wcslen(name) + 1)
        found = found || !_wcsicmp(name, on);
    if (opened) CloseServiceHandle(opened);
    return found;
}

/* Wine's EnumDependentServices finds nothing, so the services are asked one by one. Dependents of
 * dependents come first: the order in which they must stop. */
static void above(ENUM_SERVICE_STATUS_PROCESSW *all, DWORD found, const WCHAR *name, BYTE *seen,
                  DWORD *order, DWORD *shown)
{
    for (DWORD at = 0; at < found; at++) {
        if (seen[at] || !depends(all[at].lpServiceName, name)) continue;
        seen[at] = 1;
        above(all, found, all[at].lpServiceName, seen, order, shown);
        order[(*shown)++] = at;
    }
}

static int enumdepend(void)
{
    DWORD size, found, next = 0, shown = 0, order[2048];
    static BYTE seen[2048];
    if (count < 3) return BAD_LINE;
    if (!open(words[2], SERVICE_ENUMERATE_DEPENDENTS)) return failed(L"OpenService");
    if (!EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32 | SERVICE_DRIVER,
                               SERVICE_STATE_ALL, room, sizeof room, &size, &found, &next, NULL))
        return failed(L"EnumServicesStatusEx");
    ENUM_SERVICE_STATUS_PROCESSW *all = (void *)room;
    above(all, found < 2048 ? found : 2048, words[2], seen, order, &shown);
    say(L"Enum: entriesRead  = %lu\r\n", shown);
    for (DWORD at = 0; at < shown; at++)
        block(all[order[at]].lpServiceName, all[order[at]].lpDisplayName,
              &all[order[at]].ServiceStatusProcess, FALSE);
    return 0;
}

static int start(void)
{
    if (count < 3) return BAD_LINE;
    SC_HANDLE service = open(words[2], SERVICE_START | SERVICE_QUERY_STATUS);
    if (!service) return failed(L"StartService: OpenService");
    if (!StartServiceW(service, count - 3, (const WCHAR **)words + 3))
        return failed(L"StartService");
    return show(service, words[2], TRUE);
}

static int control(DWORD code)
{
    SERVICE_STATUS status;
    if (count < 3) return BAD_LINE;
    SC_HANDLE service = open(words[2], SERVICE_STOP | SERVICE_PAUSE_CONTINUE | SERVICE_QUERY_STATUS);
    if (!service) return failed(L"OpenService");
    if (!ControlService(service, code, &status)) return failed(L"ControlService");
    return show(service, words[2], FALSE);
}

static int stop(void) { return control(SERVICE_CONTROL_STOP); }
static int pause(void) { return control(SERVICE_CONTROL_PAUSE); }
static int go_on(void) { return control(SERVICE_CONTROL_CONTINUE); }

static int delete(void)
{
    if (count < 3) return BAD_LINE;
    SC_HANDLE service = open(words[2], DELETE);
    if (!service) return failed(L"OpenService");
    if (!DeleteService(service)) return failed(L"DeleteService");
    say(L"[SC] DeleteService SUCCESS\r\n");
    return 0;
}

struct wish {
    DWORD type, start, error;
    WCHAR *path, *group, *depends, *account, *password, *display;
    int delayed;
};

static DWORD one_of(const WCHAR *value, const WCHAR *const *names, const DWORD *numbers)
{
    for (int at = 0; names[at]; at++)
        if (!_wcsicmp(value, names[at])) return numbers[at];
    return SERVICE_NO_CHANGE - 1;
}

/* "a/b" as the doubly terminated list that the manager takes; "/" is the empty list. */
static WCHAR *split(const WCHAR *names)
{
    static WCHAR made[4096];
    WCHAR *to = made;
    for (const WCHAR *at = names; *at; at++) {
        if (*at != L'/') *to++ = *at;
        else if (to > made && to[-1]) *to++ = 0;
    }
    if (to > made && to[-1]) *to++ = 0;
    *to++ = 0;
    *to = 0;
    return made;
}

static BOOL read_wish(struct wish *w)
{
    static const WCHAR *const starts[] = {L"boot", L"system", L"auto", L"demand", L"disabled",
                                          L"delayed-auto", NULL};
    static const DWORD start_numbers[] = {0, 1, 2, 3, 4, 2};
    static const WCHAR *const types[] = {L"own", L"share", L"kernel", L"filesys", NULL};
    static const DWORD type_numbers[] = {0x10, 0x20, 1, 2};
    static const WCHAR *const errors[] = {L"ignore", L"normal", L"severe", L"critical", NULL};
    static const DWORD error_numbers[] = {0, 1, 2, 3};
    for (int at = 3; at < count; at += 2) {
        if (at + 1 == count) return FALSE;
        WCHAR *value = words[at + 1];
        if (!_wcsicmp(words[at], L"start=")) {
            w->start = one_of(value, starts, start_numbers);
            w->delayed = !_wcsicmp(value, L"delayed-auto");
        } else if (!_wcsicmp(words[at], L"type=")) w->type = one_of(value, types, type_numbers);
        else if (!_wcsicmp(words[at], L"error=")) w->error = one_of(value, errors, error_numbers);
        else if (!_wcsicmp(words[at], L"binpath=")) w->path = value;
        else if (!_wcsicmp(words[at], L"group=")) w->group = value;
        else if (!_wcsicmp(words[at], L"depend=")) w->depends = split(value);
        else if (!_wcsicmp(words[at], L"obj=")) w->account = value;
        else if (!_wcsicmp(words[at], L"password=")) w->password = value;
        else if (!_wcsicmp(words[at], L"displayname=")) w->display = value;
        else return FALSE;
    }
    return w->start != SERVICE_NO_CHANGE - 1 && w->type != SERVICE_NO_CHANGE - 1
           && w->error != SERVICE_NO_CHANGE - 1;
}

static int set_delayed(SC_HANDLE service, const struct wish *w)
{
    SERVICE_DELAYED_AUTO_START_INFO info = {w->delayed};
    if (!w->delayed) return 0;
    return ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &info)
               ? 0 : failed(L"ChangeServiceConfig2");
}

static int config(void)
{
    struct wish w = {.type = SERVICE_NO_CHANGE, .start = SERVICE_NO_CHANGE,
                     .error = SERVICE_NO_CHANGE};
    if (count < 4 || !read_wish(&w)) return BAD_LINE;
    SC_HANDLE service = open(words[2], SERVICE_CHANGE_CONFIG);
    if (!service) return failed(L"OpenService");
    if (!ChangeServiceConfigW(service, w.type, w.start, w.error, w.path, w.group, NULL, w.depends,
                              w.account, w.password, w.display))
        return failed(L"ChangeServiceConfig");
    int delayed = set_delayed(service, &w);
    if (!delayed) say(L"[SC] ChangeServiceConfig SUCCESS\r\n");
    return delayed;
}

static int create(void)
{
    struct wish w = {.type = 0x10, .start = 3, .error = 1};
    if (count < 5 || !read_wish(&w) || !w.path) return BAD_LINE;
    SC_HANDLE service = CreateServiceW(manager, words[2], w.display ? w.display : words[2],
                                       SERVICE_ALL_ACCESS, w.type, w.start, w.error, w.path,
                                       w.group, NULL, w.depends, w.account, w.password);
    if (!service) return failed(L"CreateService");
    int delayed = set_delayed(service, &w);
    if (!delayed) say(L"[SC] CreateService SUCCESS\r\n");
    return delayed;
}

static int description(void)
{
    static WCHAR none[] = L"";
    if (count < 3) return BAD_LINE;
    SERVICE_DESCRIPTIONW text = {count > 3 ? words[3] : none};
    SC_HANDLE service = open(words[2], SERVICE_CHANGE_CONFIG);
    if (!service) return failed(L"OpenService");
    if (!ChangeServiceConfig2W(service, SERVICE_CONFIG_DESCRIPTION, &text))
        return failed(L"ChangeServiceConfig2");
    say(L"[SC] ChangeServiceConfig2 SUCCESS\r\n");
    return 0;
}

static int preshutdown(void)
{
    if (count < 4) return BAD_LINE;
    SERVICE_PRESHUTDOWN_INFO info = {wcstoul(words[3], NULL, 10)};
    SC_HANDLE service = open(words[2], SERVICE_CHANGE_CONFIG);
    if (!service) return failed(L"OpenService");
    if (!ChangeServiceConfig2W(service, SERVICE_CONFIG_PRESHUTDOWN_INFO, &info))
        return failed(L"ChangeServiceConfig2");
    say(L"[SC] ChangeServiceConfig2 SUCCESS\r\n");
    return 0;
}

int wmain(int argc, WCHAR **argv)
{
    static const struct { const WCHAR *name; int (*run)(void); } verbs[] = {
        {L"query", do_query}, {L"queryex", do_queryex}, {L"qc", qc}, {L"start", start},
        {L"stop", stop}, {L"pause", pause}, {L"continue", go_on}, {L"config", config},
        {L"create", create}, {L"delete", delete}, {L"description", description},
        {L"qdescription", qdescription}, {L"enumdepend", enumdepend},
        {L"preshutdown", preshutdown},
    };
    words = argv;
    count = argc;
    if (count < 2) return 0;
    manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    if (!manager) return failed(L"OpenSCManager");
    for (unsigned at = 0; at < sizeof verbs / sizeof *verbs; at++)
        if (!_wcsicmp(words[1], verbs[at].name)) return verbs[at].run();
    return BAD_LINE;
}
