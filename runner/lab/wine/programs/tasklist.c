/* tasklist.exe for Wine, whose own prints nothing. It takes /nh, /fo csv|table and one /fi on PID or
 * IMAGENAME, and lists Wine's processes (Microsoft, "tasklist"). */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <stdio.h>
#include <tlhelp32.h>
#include <wchar.h>

static void say(const WCHAR *text)
{
    char bytes[4096];
    DWORD done;
    int size = WideCharToMultiByte(GetConsoleOutputCP(), 0, text, -1, bytes, sizeof bytes, NULL,
                                   NULL);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, size ? size - 1 : 0, &done, NULL);
}

static BOOL fits(const WCHAR *filter, const PROCESSENTRY32W *process)
{
    WCHAR field[32], value[MAX_PATH];
    if (!filter) return TRUE;
    if (swscanf(filter, L"%31ls eq %259ls", field, value) != 2) return FALSE;
    if (!_wcsicmp(field, L"pid")) return wcstoul(value, NULL, 10) == process->th32ProcessID;
    return !_wcsicmp(field, L"imagename") && !_wcsicmp(value, process->szExeFile);
}

int wmain(int count, WCHAR **words)
{
    BOOL csv = FALSE, bare = FALSE, any = FALSE;
    const WCHAR *filter = NULL;
    PROCESSENTRY32W process = {.dwSize = sizeof process};
    WCHAR line[1024];
    for (int at = 1; at < count; at++) {
        if (!_wcsicmp(words[at], L"/nh")) bare = TRUE;
        else if (!_wcsicmp(words[at], L"/fo") && ++at < count) csv = !_wcsicmp(words[at], L"csv");
        else if (!_wcsicmp(words[at], L"/fi") && ++at < count) filter = words[at];
        else return 1;
    }
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(all, &process); more; more = Process32NextW(all, &process)) {
        if (!fits(filter, &process)) continue;
        if (!any && !bare)
            say(csv ? L"\"Image Name\",\"PID\",\"Session Name\",\"Session#\",\"Mem Usage\"\r\n"
                    : L"\r\nImage Name                     PID Session Name        Session#    "
                      L"Mem Usage\r\n");
        any = TRUE;
        swprintf(line, 1024, csv ? L"\"%ls\",\"%lu\",\"Services\",\"0\",\"1,024 K\"\r\n"
                                 : L"%-25.25ls %8lu Services                   0      1,024 K\r\n",
                 process.szExeFile, process.th32ProcessID);
        say(line);
    }
    if (!any) say(L"INFO: No tasks are running which match the specified criteria.\r\n");
    return 0;
}
