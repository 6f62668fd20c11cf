/* wmic ALIAS get A,B /value for Wine, whose own ignores /value. It asks Wine's WMI and prints what
 * Microsoft's does into a pipe: NAME=VALUE, each line ended by CR CR LF. All else is refused. */
#define COBJMACROS
#include <initguid.h>
#include "refuse.h"
#include <objbase.h>
#include <wbemcli.h>
#include <stdio.h>
#include <wchar.h>

static void say(const WCHAR *name, const WCHAR *value)
{
    static WCHAR text[9000];
    static char bytes[30000];
    UINT page = GetConsoleOutputCP();
    DWORD done;
    _snwprintf(text, 8999, name ? L"%ls=%ls\r\r\n" : L"\r\r\n", name, value);
    int size = WideCharToMultiByte(page ? page : GetOEMCP(), 0, text, -1, bytes, sizeof bytes,
                                   NULL, NULL);
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, size ? size - 1 : 0, &done, NULL);
}

/* Wine's Win32_ComputerSystem has no PartOfDomain; the role says it (Microsoft, "Win32_ComputerSystem
 * class": 0 and 2 stand alone). */
static HRESULT value_of(IWbemClassObject *object, WCHAR *name, VARIANT *value)
{
    HRESULT result;
    if (!_wcsicmp(name, L"PartOfDomain")) {
        if (FAILED(result = IWbemClassObject_Get(object, L"DomainRole", 0, value, NULL, NULL))) return result;
        V_BOOL(value) = V_I4(value) != 0 && V_I4(value) != 2 ? VARIANT_TRUE : VARIANT_FALSE;
        V_VT(value) = VT_BOOL;
        return S_OK;
    }
    return IWbemClassObject_Get(object, name, 0, value, NULL, NULL);
}

/* A CIM time ends in three digits of minutes (DSP0004, 5.2.4); Wine's LocalDateTime
 * has two of them in UTC. */
static const WCHAR *whole(const WCHAR *text)
{
    static WCHAR longer[64];
    size_t length = wcslen(text);
    if (length != 24 || text[14] != L'.' || !wcschr(L"+-", text[21])) return text;
    _snwprintf(longer, 63, L"%.22ls0%ls", text, text + 22);
    return longer;
}

static int show(IWbemClassObject *object, WCHAR *names)
{
    say(NULL, NULL);
    for (WCHAR *name = wcstok(names, L","); name; name = wcstok(NULL, L",")) {
        VARIANT value;
        VariantInit(&value);
        if (FAILED(value_of(object, name, &value))) return refuse(L"Wine's WMI has no such property");
        if (V_VT(&value) == VT_BOOL) say(name, V_BOOL(&value) ? L"TRUE" : L"FALSE");
        else if (V_VT(&value) == VT_NULL) say(name, L"");
        else if (FAILED(VariantChangeType(&value, &value, 0, VT_BSTR))) return refuse(L"an array");
        else say(name, whole(V_BSTR(&value)));
    }
    say(NULL, NULL);
    return 0;
}

static int ask(const WCHAR *class, WCHAR *names)
{
    IWbemLocator *locator;
    IWbemServices *services;
    IEnumWbemClassObject *found;
    IWbemClassObject *object;
    WCHAR query[200];
    ULONG count = 0;
    _snwprintf(query, 199, L"SELECT * FROM %ls", class);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (FAILED(CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER, &IID_IWbemLocator,
                                (void **)&locator))
        || FAILED(IWbemLocator_ConnectServer(locator, SysAllocString(L"ROOT\\CIMV2"), NULL, NULL, NULL, 0,
                                             NULL, NULL, &services))
        || FAILED(IWbemServices_ExecQuery(services, SysAllocString(L"WQL"), SysAllocString(query),
                                          WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, NULL,
                                          &found))
        || IEnumWbemClassObject_Next(found, WBEM_INFINITE, 1, &object, &count) != S_OK || !count)
        return refuse(L"Wine's WMI does not answer");
    return show(object, names);
}

int wmain(int count, WCHAR **words)
{
    const WCHAR *class = NULL;
    if (count == 5 && !_wcsicmp(words[2], L"get") && !_wcsicmp(words[4], L"/value")) {
        if (!_wcsicmp(words[1], L"os")) class = L"Win32_OperatingSystem";
        if (!_wcsicmp(words[1], L"computersystem")) class = L"Win32_ComputerSystem";
    }
    return class ? ask(class, words[3]) : refuse(L"not known to this stand-in");
}
