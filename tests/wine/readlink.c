/* Prints what the shell makes of a shortcut, each text as UTF-16 in hexadecimal digits:
   IShellLinkW and IPersistFile, of the C runtime only printf. */
#define COBJMACROS
#define UNICODE
#include <initguid.h>
#include <stdio.h>
#include <wchar.h>
#include <windows.h>
#include <shlobj.h>

static void say(const char *what, const wchar_t *text)
{
    printf("%s=", what);
    for (; *text; text++) printf("%04X", *text);
    printf("\n");
}

int wmain(int argc, wchar_t **argv)
{
    IShellLinkW *link;
    IPersistFile *file;
    wchar_t text[1024];
    LPITEMIDLIST items;
    WORD hotkey;
    int number;

    if (argc != 2 || FAILED(CoInitialize(NULL))) return 2;
    if (FAILED(CoCreateInstance(&CLSID_ShellLink, NULL, CLSCTX_INPROC_SERVER, &IID_IShellLinkW,
                                (void **)&link))) return 3;
    if (FAILED(IShellLinkW_QueryInterface(link, &IID_IPersistFile, (void **)&file))) return 4;
    if (FAILED(IPersistFile_Load(file, argv[1], STGM_READ))) return 5;
    text[0] = 0;
    IShellLinkW_GetPath(link, text, 1024, NULL, SLGP_RAWPATH);
    say("target", text);
    text[0] = 0;
    if (IShellLinkW_GetIDList(link, &items) == S_OK) SHGetPathFromIDListW(items, text);
    say("items", text);
    text[0] = 0;
    IShellLinkW_GetArguments(link, text, 1024);
    say("arguments", text);
    text[0] = 0;
    IShellLinkW_GetWorkingDirectory(link, text, 1024);
    say("directory", text);
    text[0] = 0;
    IShellLinkW_GetDescription(link, text, 1024);
    say("description", text);
    text[0] = 0;
    number = 0;
    IShellLinkW_GetIconLocation(link, text, 1024, &number);
    say("icon", text);
    printf("icon_index=%d\n", number);
    number = 0;
    IShellLinkW_GetShowCmd(link, &number);
    printf("show=%d\n", number);
    hotkey = 0;
    IShellLinkW_GetHotkey(link, &hotkey);
    printf("hotkey=%d\n", hotkey);
    return 0;
}
