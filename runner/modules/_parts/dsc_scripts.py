"""The PowerShell of ``win_dsc``, for version 5.0 and later, and what it prints.

What a task says travels as JSON on standard input, with its passwords, and so stands in no list of
processes. ``Get-DscResource`` names the properties of a resource and their types; what is an
instance of a class of CIM is made of the class's own declaration. Sources: Microsoft,
"Invoke-DscResource", "Get-DscResource", "New-CimInstance".
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from runner.errors import ModuleError
from runner.interfaces.exchange import Output, Script

_TEST_SECONDS: Final = 1800.0
_SET_SECONDS: Final = 4 * 3600.0
_MARK: Final = "runner-dsc "

_COMMON: Final = r"""
$ErrorActionPreference='Stop'
$WarningPreference='SilentlyContinue'
$space='root/Microsoft/Windows/DesiredStateConfiguration'
$names=@{boolean='bool';uint8='byte';sint8='sbyte';sint16='int16';sint32='int32';sint64='int64'
real32='single';real64='double';char16='char'}
function say($what){
$j=ConvertTo-Json -Compress -Depth 3 $what
'runner-dsc '+[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($j))
}
function declared($class){
$found=@{}
foreach($p in @((Get-CimClass -ClassName $class -Namespace $space).CimClassProperties)){
$kind=[string]$p.CimType
$many=if($kind -like '*Array'){'[]'}else{''}
$kind=$kind -replace 'Array$',''
if($p.ReferenceClassName -eq 'MSFT_Credential'){$kind='PSCredential'}
elseif($p.ReferenceClassName -eq 'MSFT_KeyValuePair'){$kind='HashTable';$many=''}
elseif($p.ReferenceClassName){$kind=$p.ReferenceClassName}
$found[$p.Name]=$kind+$many
}
$found
}
function single($value,$kind,$name){
if($kind -eq 'bool' -or $kind -eq 'boolean'){
if($value -is [bool]){return $value}
if(@('yes','true','on','1','y','t') -contains ([string]$value)){return $true}
if(@('no','false','off','0','n','f') -contains ([string]$value)){return $false}
throw "'$name' must be yes or no, not '$value'"
}
if($value -is [Management.Automation.PSCustomObject]){
return New-CimInstance -ClassName $kind -Property (converted $value (declared $kind)) -ClientOnly
}
$plain=$names[$kind]
if(-not $plain){$plain=$kind}
$type=$plain -as [type]
if(-not $type){return $value}
try{return [Management.Automation.LanguagePrimitives]::ConvertTo($value,$type)}
catch{throw "'$name' is no $($kind): '$value'"}
}
function converted($given,$types){
$made=@{}
foreach($p in @($given.PSObject.Properties)){
$name=$p.Name
if($null -eq $p.Value){continue}
if($name -eq 'item_name' -and -not $types['item_name']){$name='Name'}
if($name -match '^(.+)_password$' -and $types[$matches[1]] -eq 'PSCredential'){continue}
if($name -match '^(.+)_username$' -and $types[$matches[1]] -eq 'PSCredential'){
$name=$matches[1]
$word=$given."$($name)_password"
if($null -eq $word){throw "'$($name)_username' needs '$($name)_password'"}
$word=ConvertTo-SecureString ([string]$word) -AsPlainText -Force
$made[$name]=New-Object Management.Automation.PSCredential ([string]$p.Value),$word
continue
}
$kind=$types[$name]
if(-not $kind){
throw "the resource has no property '$name'; it has: $(@($types.Keys|Sort-Object) -join ', ')"
}
if($kind -eq 'HashTable'){
$made[$name]=[CimInstance[]]@(foreach($q in @($p.Value.PSObject.Properties)){
$pair=@{Key=$q.Name;Value=[string]$q.Value}
New-CimInstance -ClassName MSFT_KeyValuePair -ClientOnly -Property $pair
})
}elseif($kind.EndsWith('[]')){
$kind=$kind.Substring(0,$kind.Length-2)
$items=@($p.Value)
if($p.Value -is [string]){$items=@($p.Value -split '\s*,\s*')}
$items=@(foreach($i in @($items)){single $i $kind $name})
if(-not $items.Count){$made[$name]=@()}
elseif($items[0] -is [CimInstance]){$made[$name]=[CimInstance[]]$items}
elseif($names[$kind]){$made[$name]=$items -as ($names[$kind]+'[]')}
else{$made[$name]=$items -as ($kind+'[]')}
}else{$made[$name]=single $p.Value $kind $name}
}
$made
}
function prepared($asked){
# Its texts in the language of the user may be missing, which is no reason to stop.
$ErrorActionPreference='Continue'
Import-Module PSDesiredStateConfiguration 2>$null
$ErrorActionPreference='Stop'
$found=@(Get-DscResource -Name $asked.name -ErrorAction SilentlyContinue|Sort-Object Version)
if($asked.version -ne 'latest'){
$found=@($found|Where-Object{[string]$_.Version -eq $asked.version})
}
if(-not $found.Count){throw "there is no resource '$($asked.name)', version $($asked.version)"}
$resource=$found[-1]
if([string]$resource.ImplementedAs -eq 'Composite'){
throw "'$($asked.name)' is a composite resource, which Invoke-DscResource does not take"
}
$types=@{}
foreach($p in @($resource.Properties)){
$types[$p.Name]=([string]$p.PropertyType) -replace '^\[|\]$',''
}
$call=@{Name=$resource.Name;ModuleName='PSDesiredStateConfiguration'}
$version=''
if($resource.Module){
$version=[string]$resource.Module.Version
$call.ModuleName=@{ModuleName=$resource.Module.Name;ModuleVersion=$version}
}
# Asking once, for nothing, has the engine declare the classes of the resource.
try{[void](Invoke-DscResource @call -Method Get -Property @{Fake='Fake'})}catch{}
$call.Property=converted $asked.properties $types
@{call=$call;version=$version}
}
$asked=ConvertFrom-Json (@($input) -join '')
"""
_TEST: Final = (
    _COMMON
    + r"""
try{
$ready=prepared $asked
$call=$ready.call
$ensure=''
try{$ensure=[string](Invoke-DscResource @call -Method Get).Ensure}catch{}
$done=[bool](Invoke-DscResource @call -Method Test).InDesiredState
say @{done=$done;ensure=$ensure;version=$ready.version}
}catch{say @{error=[string]$_.Exception.Message}}
"""
)
_SET: Final = (
    _COMMON
    + r"""
try{
$ready=prepared $asked
$call=$ready.call
$answer=Invoke-DscResource @call -Method Set
say @{restart=[bool]$answer.RebootRequired;version=$ready.version}
}catch{say @{error=[string]$_.Exception.Message}}
"""
)


def test(name: str, version: str, properties: Mapping[str, Any]) -> Script:
    """Ask whether a resource is as these properties say; it changes nothing."""
    stdin = _asked(name, version, properties)
    return Script("powershell", _TEST, stdin=stdin, timeout=_TEST_SECONDS)


def put(name: str, version: str, properties: Mapping[str, Any]) -> Script:
    """Bring a resource to what these properties say."""
    stdin = _asked(name, version, properties)
    return Script("powershell", _SET, stdin=stdin, timeout=_SET_SECONDS)


def _asked(name: str, version: str, properties: Mapping[str, Any]) -> str:
    found = {"name": name, "version": version, "properties": dict(properties)}
    return json.dumps(found, ensure_ascii=True) + "\n"


def answer(output: Output, resource: str) -> Mapping[str, Any]:
    """What a script told. Raises ModuleError for what the resource, or PowerShell, refused."""
    _, mark, encoded = output.stdout.rpartition(_MARK)
    try:
        found: dict[str, Any] = json.loads(base64.b64decode(encoded.strip(), validate=True))
    except (binascii.Error, ValueError):
        mark = ""
    if not mark:
        said = (output.stderr.strip() or output.stdout.strip()).splitlines()
        detail = f": {said[0].strip()}" if said else f": exit code {output.signed}"
        raise ModuleError(f"PowerShell did not come to an end with the resource {resource}{detail}")
    if error := found.get("error"):
        raise ModuleError(
            f"the DSC resource {resource}: {' '.join(str(error).split())}",
            hint="its engine needs WinRM's listener for HTTP on the host itself (Test-WSMan); "
            "Get-DscResource lists the resources, and its -Syntax their properties",
        )
    return found
