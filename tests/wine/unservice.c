/* Deletes every service whose name begins with a T and a digit: one process for hundreds of them. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <wchar.h>

static BYTE room[1 << 20];

int wmain(void)
{
    ENUM_SERVICE_STATUS_PROCESSW *all = (void *)room;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    DWORD size, found, next = 0;
    if (!EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32, SERVICE_STATE_ALL, room,
                               sizeof room, &size, &found, &next, NULL))
        return GetLastError();
    for (DWORD at = 0; at < found; at++) {
        const WCHAR *name = all[at].lpServiceName;
        if (name[0] != 'T' || name[1] < '0' || name[1] > '9') continue;
        SC_HANDLE service = OpenServiceW(manager, name, DELETE);
        if (!DeleteService(service)) return GetLastError();
        CloseServiceHandle(service);
    }
    return 0;
}
