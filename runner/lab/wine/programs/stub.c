/* Stands in for a program that Wine only pretends to have: it says so, leaves a note, and fails.
 * Wine's own stubs print nothing and return 0, and whoever asks believes that they worked. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define NOTES L"C:\\windows\\stubs.log"

static void put(HANDLE to, const WCHAR *text)
{
    static char bytes[4 * 32768];
    DWORD done;
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, bytes, sizeof bytes, NULL, NULL);
    WriteFile(to, bytes, size ? size - 1 : 0, &done, NULL);
}

int main(void)
{
    HANDLE notes = CreateFileW(NOTES, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                               OPEN_ALWAYS, 0, NULL);
    put(notes, GetCommandLineW());
    put(notes, L"\n");
    CloseHandle(notes);
    put(GetStdHandle(STD_ERROR_HANDLE), L"wine: a stub, so it cannot be tested here: ");
    put(GetStdHandle(STD_ERROR_HANDLE), GetCommandLineW());
    put(GetStdHandle(STD_ERROR_HANDLE), L"\r\n");
    return 9999;
}
