/* Writes every argument that it is given into the registry, as HKLM\SOFTWARE\T, value 0, 1, 2... */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <wchar.h>

int wmain(int count, WCHAR **words)
{
    HKEY key;
    WCHAR name[16];
    if (RegCreateKeyW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\T", &key)) return 1;
    for (int at = 1; at < count; at++) {
        swprintf(name, 16, L"%d", at - 1);
        RegSetValueExW(key, name, 0, REG_SZ, (BYTE *)words[at],
                       (DWORD)((wcslen(words[at]) + 1) * sizeof(WCHAR)));
    }
    RegCloseKey(key);
    return 0;
}
