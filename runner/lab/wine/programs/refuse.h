/* What is not there is said, noted and fails: who asks must not believe that it worked. */
#ifndef REFUSE_H
#define REFUSE_H
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define NOTES L"C:\\windows\\stubs.log"

static void put_text(HANDLE to, const WCHAR *text)
{
    static char bytes[4 * 32768];
    DWORD done;
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    WriteFile(to, bytes, size ? size - 1 : 0, &done, NULL);
}

/* Leave a note of this process's command line; the exit code. */
static int refuse(const WCHAR *why)
{
    HANDLE notes = CreateFileW(NOTES, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                               OPEN_ALWAYS, 0, NULL);
    put_text(notes, GetCommandLineW());
    put_text(notes, L"\n");
    CloseHandle(notes);
    put_text(GetStdHandle(STD_ERROR_HANDLE), L"wine: ");
    put_text(GetStdHandle(STD_ERROR_HANDLE), why);
    put_text(GetStdHandle(STD_ERROR_HANDLE), L", so it cannot be tested here: ");
    put_text(GetStdHandle(STD_ERROR_HANDLE), GetCommandLineW());
    put_text(GetStdHandle(STD_ERROR_HANDLE), L"\r\n");
    return 9999;
}

#endif
