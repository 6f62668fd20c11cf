"""Downloading a file on a Windows host, with what the host has.

- ``curl.exe``: Windows 10 1803 and Server 2019 on (Microsoft, "Tar and Curl Come to Windows!").
- PowerShell with ``System.Net.WebRequest``: 7 and 2008 R2 on, a feature of 2008.
- ``cscript`` with ``MSXML2.ServerXMLHTTP`` and ``ADODB.Stream``: everywhere, on Server 2003 too
  (Microsoft, "Frequently asked questions about ServerXMLHTTP"; its method ``setProxy``: 1 is none,
  2 a named one); all of the answer goes through the host's memory.
- ``certutil -urlcache -split -f``: Vista and later (Microsoft, "certutil"); it knows no headers,
  users or proxies, and antivirus programs take it for malware: the last resort.

``bitsadmin`` is not used: BITS does no work for a user who is not logged on interactively
(0x800704DD; Microsoft, "Users and network connections" of BITS), which a remote logon is not.

What is secret (passwords, headers, the URL with its token) is said on standard input, never in a
command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from runner.errors import Refused
from runner.interfaces.exchange import Output, Script
from runner.windows import paths
from runner.windows.put_lines import CERTUTIL, SYSTEM, Put, step

CURL: Final = "curl"
POWERSHELL: Final = "powershell"
CSCRIPT: Final = "cscript"
CERTUTIL_URL: Final = "certutil"
ORDER: Final = (CURL, POWERSHELL, CSCRIPT, CERTUTIL_URL)
FAILED: Final = 91
_CURLS_OWN: Final = 50

_PLACES: Final = {
    CURL: rf"{SYSTEM}\curl.exe",
    POWERSHELL: rf"{SYSTEM}\WindowsPowerShell\v1.0\powershell.exe",
    CSCRIPT: rf"{SYSTEM}\cscript.exe",
    CERTUTIL_URL: CERTUTIL,
}
WHICH: Final = Script(
    "cmd",
    "&".join(f"(if exist {place} echo {tool})" for tool, place in _PLACES.items()) + "&exit 0",
)
"""Which of the tools the host has, a line for each."""

_POWERSHELL_TEXT: Final = """\
$v=@($input)
try{[Net.ServicePointManager]::SecurityProtocol=`
[Net.ServicePointManager]::SecurityProtocol -bor 3072}catch{}
if($v[2] -eq '0'){[Net.ServicePointManager]::ServerCertificateValidationCallback={$true}}
$r=[Net.WebRequest]::Create($v[0])
$r.Timeout=[int]$v[3]*1000
if($v[6] -eq '0'){$r.Proxy=New-Object Net.WebProxy}
if($v[7]){$r.Proxy=New-Object Net.WebProxy($v[7],$true)
$p=([Uri]$v[7]).UserInfo
if($p){$p=@($p.Split(':',2)|ForEach-Object{[Uri]::UnescapeDataString($_)})
$r.Proxy.Credentials=New-Object Net.NetworkCredential($p[0],"$($p[1])")}}
$h=$r -is [Net.HttpWebRequest]
if($v[4]){$r.Credentials=New-Object Net.NetworkCredential($v[4],$v[5])
$b=[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($v[4]+':'+$v[5]))
if($h){$r.Headers.Add('Authorization','Basic '+$b)}}
if($h){$r.UserAgent=$v[8];$r.ReadWriteTimeout=[int]$v[3]*1000
if($v[9] -eq '0'){$r.AllowAutoRedirect=$false}else{$r.MaximumAutomaticRedirections=[int]$v[9]}}
for($i=10;$i -lt $v.Count;$i+=2){
if($v[$i] -eq 'Accept'){$r.Accept=$v[$i+1]}elseif($v[$i] -eq 'Referer'){$r.Referer=$v[$i+1]}
else{$r.Headers.Add($v[$i],$v[$i+1])}}
$a=$r.GetResponse();$s=$a.GetResponseStream()
if(-not $v[1]){$t=New-Object IO.StreamReader($s);$t.ReadToEnd();$t.Close();$a.Close();exit 0}
$f=[IO.File]::Create($v[1]);$m=New-Object byte[] 65536
try{while(($n=$s.Read($m,0,65536)) -gt 0){$f.Write($m,0,$n)}}finally{$f.Close();$a.Close()}
if($a -is [Net.HttpWebResponse]){[int]$a.StatusCode}
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to download and how. ``timeout`` is for each wait, in seconds.

    Nothing in it holds a control character. ``proxy`` empty means that of the host's settings.
    """

    url: str
    timeout: int = 30
    agent: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    proxy: str = ""
    use_proxy: bool = True
    check_certificate: bool = True
    redirects: int = 50
    """How often it goes where the server sends it."""

    @property
    def is_ftp(self) -> bool:
        """Whether it comes by FTP."""
        return self.url.lower().startswith("ftp:")


def choose(output: Output, wish: Wish) -> str:
    """The tool to use. Raises Refused where there is none that can do it."""
    there = output.stdout.split()
    tool = next((tool for tool in ORDER if tool in there), "")
    if not tool:
        raise Refused(
            "the host has nothing to download with: no curl, PowerShell, cscript or certutil",
            hint="copy the file with win_copy instead",
        )
    if tool == CERTUTIL_URL:
        asks = wish.user or wish.headers or wish.proxy or not wish.use_proxy
        if asks or not wish.check_certificate or any(char in wish.url for char in '%!"'):
            raise Refused(
                "the host has only certutil to download with, which knows no headers, users, "
                "proxies or percent signs in a URL",
                hint="copy the file with win_copy instead",
            )
    if tool in (CSCRIPT, CERTUTIL_URL) and (not wish.redirects or wish.is_ftp):
        raise Refused(
            f"the host has only {tool} to download with, which knows no FTP, and which goes "
            "wherever a server sends it",
            hint="copy the file with win_copy instead",
        )
    return tool


def printed(tool: str, wish: Wish) -> Script:
    """A script that changes nothing and prints what the URL gives. Raises Refused."""
    seconds = wish.timeout * 4.0
    if tool == CURL:
        line = f"{_PLACES[CURL]} -K -"
        return Script("cmd", line, stdin=_curl_config(wish, status=False), timeout=seconds)
    if tool == POWERSHELL:
        return by_powershell("", wish, seconds)
    raise Refused(
        f"the host has only {tool} to download with, which prints nothing",
        hint="say the 'checksum' itself",
    )


def filled(tool: str, spec: Put, wish: Wish) -> tuple[str, str | None] | None:
    """A line of cmd that makes the new file, and its standard input; None for PowerShell."""
    if tool == CURL:
        return step(spec, f"{_PLACES[CURL]} -K - -o {spec.fresh}", FAILED), _curl_config(wish)
    if tool == CSCRIPT:
        text = spec.inside("get~.vbs")
        written = step(spec, f'{SYSTEM}\\findstr.exe "^">{text}', FAILED)
        run = f"{_PLACES[CSCRIPT]} //nologo //E:vbscript {text}"
        return f"{written}&{step(spec, run, FAILED)}", _vbscript(spec, wish)
    if tool == CERTUTIL_URL:
        url = f'"{wish.url}"'
        fetched = f"{CERTUTIL} -urlcache -split -f {url} {spec.fresh}>nul"
        forgotten = f"({CERTUTIL} -urlcache {url} delete>nul)"
        return f"{step(spec, fetched, FAILED)}&{forgotten}", None
    return None


def more(tool: str, spec: Put, wish: Wish, seconds: float) -> Script:
    """The same with nothing removed where it fails, so that it can be tried again.

    curl goes on behind what is there already; the others begin anew.
    """
    if tool == POWERSHELL:
        return by_powershell(paths.join(spec.work, paths.name(spec.path)), wish, seconds)
    if tool == CURL:
        line = f"({_PLACES[CURL]} -K - -o {spec.fresh}||exit {FAILED})"
        stdin: str | None = f'{_curl_config(wish)}continue-at = "-"\n'
    else:
        line, stdin = filled(tool, spec, wish) or ("", None)
    # A try of another tool that failed has removed the folder.
    ready = f"(if not exist {spec.folder} md {spec.folder})"
    return Script("cmd", f"{spec.here}&{ready}&{line}&exit 0", stdin=stdin, timeout=seconds)


def by_powershell(path: str, wish: Wish, seconds: float) -> Script:
    """The script that makes the file; it prints the server's status."""
    lines = [
        wish.url, path, str(int(wish.check_certificate)), str(wish.timeout), wish.user,
        wish.password, str(int(wish.use_proxy)), wish.proxy, wish.agent, str(wish.redirects),
    ]  # fmt: skip
    for name, value in wish.headers.items():
        lines += [name, value]
    return Script("powershell", _POWERSHELL_TEXT, stdin="\n".join(lines) + "\n", timeout=seconds)


def _curl_config(wish: Wish, *, status: bool = True) -> str:
    """A config file of curl (curl, "Config file")."""
    options = {
        "url": wish.url,
        "connect-timeout": str(wish.timeout),
        "speed-time": str(wish.timeout),
        "speed-limit": "1",
        "user-agent": wish.agent,
        "user": f"{wish.user}:{wish.password}" if wish.user else "",
        "proxy": wish.proxy,
        "noproxy": "" if wish.use_proxy else "*",
        "write-out": "%{http_code}" if status else "",
        "max-redirs": "" if wish.redirects in (0, _CURLS_OWN) else str(wish.redirects),
    }
    lines = [f"{name} = {_in_quotes(value)}" for name, value in options.items() if value]
    lines += [f"header = {_in_quotes(f'{k}: {v}')}" for k, v in wish.headers.items()]
    lines += ["fail", "silent", "show-error", "globoff"]
    lines += ["location"] * bool(wish.redirects)
    lines += ["insecure"] * (not wish.check_certificate)
    return "\n".join(lines) + "\n"


def _in_quotes(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bare(proxy: str) -> str:
    """``host:port`` of a proxy's URL."""
    return proxy.rpartition("@")[2].rpartition("//")[2].strip("/")


def _proxy_logon(proxy: str) -> tuple[str, ...]:
    """The user and the password in a proxy's URL."""
    user, at, _ = proxy.rpartition("//")[2].rpartition("@")
    name, _, password = user.partition(":")
    return (unquote(name), unquote(password)) if at else ()


def _vbscript(spec: Put, wish: Wish) -> str:
    def text(value: str) -> str:
        doubled = value.replace('"', '""')
        return f'"{doubled}"'

    wait = wish.timeout * 1000
    logon = f",{text(wish.user)},{text(wish.password)}" if wish.user else ""
    target = text(spec.fresh[1:-1])
    named = _proxy_logon(wish.proxy)
    lines = [
        'Set x=CreateObject("MSXML2.ServerXMLHTTP")',
        f"x.setTimeouts {wait},{wait},{wait},{wait}",
        *(["x.setProxy 1"] if not wish.use_proxy else []),
        *([f"x.setProxy 2,{text(_bare(wish.proxy))}"] if wish.proxy else []),
        f'x.open "GET",{text(wish.url)},False{logon}',
        *([f"x.setProxyCredentials {','.join(map(text, named))}"] if named else []),
        *(["x.setOption 2,13056"] if not wish.check_certificate else []),
        f'x.setRequestHeader "User-Agent",{text(wish.agent)}',
        *(f"x.setRequestHeader {text(k)},{text(v)}" for k, v in wish.headers.items()),
        "x.send",
        "If x.status<200 Or x.status>299 Then",
        'WScript.StdErr.WriteLine "HTTP " & x.status',
        "WScript.Quit 22",
        "End If",
        'Set s=CreateObject("ADODB.Stream")',
        "s.Type=1",
        "s.Open",
        "s.Write x.responseBody",
        f"s.SaveToFile {target},2",
        "WScript.Echo x.status",
    ]
    return "\r\n".join(lines) + "\r\n"
