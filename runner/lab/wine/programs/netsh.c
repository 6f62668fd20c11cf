/* netsh advfirewall firewall add|set|delete rule, for Wine, whose netsh is a stub: rules as the
 * registry keeps them ([MS-GPFAS] 2.2.2.19). Nothing is filtered. What it does not know is refused
 * like a stub. */
#include "refuse.h"
#include <stdio.h>
#include <wchar.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */

#define KEY L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
#define ROOM 16384

static int unknown(const WCHAR *what)
{
    static WCHAR why[ROOM];
    _snwprintf(why, ROOM - 1, L"not known to this stand-in: %ls", what);
    return refuse(why);
}

/* Take out all fields of this name, and LPort2_10 with LPort. */
static void drop(WCHAR *text, const WCHAR *field)
{
    WCHAR *at = wcschr(text, L'|');
    size_t length = wcslen(field);
    while (at && at[1]) {
        WCHAR *end = wcschr(at + 1, L'|'), *after = at + 1 + length;
        int ours = !wcsncmp(at + 1, field, length) && (*after == L'=' || !wcsncmp(after, L"2_10=", 5));
        if (!end) return;
        if (ours) memmove(at, end, (wcslen(end) + 1) * sizeof(WCHAR));
        else at = end;
    }
}

static void put(WCHAR *text, const WCHAR *field, const WCHAR *value)
{
    wcscat(text, field);
    wcscat(text, L"=");
    wcscat(text, value);
    wcscat(text, L"|");
}

/* The registry's word for one of netsh; NULL if there is none. "a b c" are pairs: a is written b. */
static const WCHAR *word(const WCHAR *given, const WCHAR *const *pairs)
{
    for (; *pairs; pairs += 2)
        if (!_wcsicmp(given, pairs[0])) return pairs[1];
    return NULL;
}

static const WCHAR *const WORDS[] = {L"in", L"In", L"out", L"Out", L"allow", L"Allow", L"block", L"Block",
    L"yes", L"TRUE", L"no", L"FALSE", L"tcp", L"6", L"udp", L"17", L"domain", L"Domain",
    L"private", L"Private", L"public", L"Public", NULL};

static int one_address(WCHAR *text, WCHAR side, WCHAR *item)
{
    WCHAR field[4] = {side, L'A', L'4', 0}, full[64], *slash = wcschr(item, L'/');
    if (wcschr(item, L':')) field[2] = L'6';
    else if (!wcschr(item, L'.')) return 1;
    if (slash && field[2] == L'4' && !wcschr(slash, L'.')) {
        int bits = _wtoi(slash + 1);
        DWORD mask = bits ? 0xffffffffu << (32 - bits) : 0;
        *slash = 0;
        swprintf(full, 64, L"%ls/%u.%u.%u.%u", item, (unsigned)(mask >> 24),
                 (unsigned)(mask >> 16 & 255), (unsigned)(mask >> 8 & 255), (unsigned)(mask & 255));
        item = full;
    }
    put(text, field, item);
    return 0;
}

/* One key=value of netsh into the text of a rule. */
static int apply(WCHAR *text, const WCHAR *key, WCHAR *value)
{
    static const WCHAR *const fields[] = {L"dir", L"Dir", L"action", L"Action", L"enable", L"Active",
        L"protocol", L"Protocol", L"profile", L"Profile", L"localport", L"LPort", L"remoteport",
        L"RPort", L"localip", L"LA", L"remoteip", L"RA", L"program", L"App", L"service", L"Svc",
        L"description", L"Desc", L"name", L"Name", NULL};
    const WCHAR *field = word(key, fields), *said;
    WCHAR suffixed[16], *item;
    int address, listed;
    if (!field) return unknown(key);
    address = !wcscmp(field, L"LA") || !wcscmp(field, L"RA");
    listed = address || wcsstr(field, L"Port") || !wcscmp(field, L"Profile");
    if (address) {
        swprintf(suffixed, 16, L"%ls4", field); drop(text, suffixed);
        swprintf(suffixed, 16, L"%ls6", field); drop(text, suffixed);
    } else drop(text, field);
    if (wcschr(value, L'|')) return unknown(value);
    if (!_wcsicmp(value, L"any") && (listed || !wcscmp(field, L"Protocol") || !wcscmp(field, L"App")
                                     || !wcscmp(field, L"Svc"))) return 0;
    if (!wcscmp(field, L"App") || !wcscmp(field, L"Svc") || !wcscmp(field, L"Desc") || !wcscmp(field, L"Name")) {
        if (*value) put(text, field, value);
        return 0;
    }
    for (item = wcstok(value, L","); item; item = wcstok(NULL, L",")) {
        if (address) {
            if (one_address(text, field[0], item)) return unknown(item);
        } else if (wcsstr(field, L"Port")) {
            swprintf(suffixed, 16, L"%ls%ls", field, wcschr(item, L'-') ? L"2_10" : L"");
            put(text, suffixed, item);
        } else {
            if (!(said = word(item, WORDS))) return unknown(item);
            put(text, field, said);
        }
    }
    return 0;
}

static int has(const WCHAR *text, const WCHAR *key, WCHAR *value)
{
    WCHAR wanted[ROOM] = L"|", folded[ROOM];
    int code = apply(wanted, key, value);
    wcscpy(folded, text);
    return code ? -code : wcsstr(_wcsupr(folded), _wcsupr(wanted)) != NULL;
}

static int write_rule(HKEY key, const WCHAR *name, const WCHAR *text)
{
    return RegSetValueExW(key, name, 0, REG_SZ, (const BYTE *)text, (DWORD)((wcslen(text) + 1) * sizeof *text));
}

/* Apply all key=value words to a text, or ask whether it has them all. */
static int each(WCHAR *text, WCHAR **words, int count, int asking)
{
    for (int at = 0; at < count; at++) {
        WCHAR *value = wcsdup(words[at]), *sign = wcschr(value, L'=');
        int code;
        if (!sign) return asking ? -unknown(value) : unknown(value);
        *sign = 0;
        code = asking ? has(text, value, sign + 1) : apply(text, value, sign + 1);
        if (asking ? code <= 0 : code) return code;
    }
    return asking;
}

int wmain(int count, WCHAR **words)
{
    static WCHAR text[ROOM], name[64], names[512][64];
    int found = 0, code = 0, fresh = count;
    DWORD size, length, id[4];
    HKEY key;
    if (count < 6 || _wcsicmp(words[1], L"advfirewall") || _wcsicmp(words[2], L"firewall")
        || _wcsicmp(words[4], L"rule")) return unknown(GetCommandLineW());
    if (RegCreateKeyW(HKEY_LOCAL_MACHINE, KEY, &key)) return 1;
    if (!_wcsicmp(words[3], L"add")) {
        WCHAR yes[] = L"yes";
        SystemFunction036(id, sizeof id);
        swprintf(name, 64, L"{%08lX-%04lX-%04lX-%04lX-%08lX%04lX}", id[0], id[1] >> 16, id[1] & 0xffff,
                 id[2] >> 16, id[3], id[2] & 0xffff);
        wcscpy(text, L"v2.10|");
        apply(text, L"enable", yes);
        if (!(code = each(text, words + 5, count - 5, 0))) code = write_rule(key, name, text);
        found = 1;
    } else if (!_wcsicmp(words[3], L"set") || !_wcsicmp(words[3], L"delete")) {
        for (int at = 5; at < count; at++)
            if (!_wcsicmp(words[at], L"new")) fresh = at;
        wcscpy(text, L"|"); /* words that are not known are so without a rule, too */
        if ((code = each(text, words + 5, fresh - 5, 0))) return code;
        for (DWORD at = 0; found < 512; at++) {
            length = 64; size = sizeof text;
            if (RegEnumValueW(key, at, name, &length, NULL, NULL, (BYTE *)text, &size)) break;
            if ((code = each(text, words + 5, fresh - 5, 1)) < 0) return -code;
            if (code) wcscpy(names[found++], name);
        }
        code = 0;
        for (int at = 0; at < found && !code; at++) {
            size = sizeof text;
            if (fresh == count) { code = RegDeleteValueW(key, names[at]); continue; }
            RegQueryValueExW(key, names[at], NULL, NULL, (BYTE *)text, &size);
            if (!(code = each(text, words + fresh + 1, count - fresh - 1, 0)))
                code = write_rule(key, names[at], text);
        }
    } else return unknown(words[3]);
    if (!code && !found) { wprintf(L"\nNo rules match the specified criteria.\n\n"); return 1; }
    if (!code) wprintf(L"Ok.\n\n");
    return code;
}
