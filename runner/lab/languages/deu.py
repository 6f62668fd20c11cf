"""German (code page 850 in the console, 1252 elsewhere).

In public transcripts: the texts of sc, reg, chcp and cmd, the system's messages 5 and 1060, and
"completed successfully". Assumed: the others.
"""

PHRASES = {
    "Active code page: {}": "Aktive Codepage: {}.",
    "[SC] {} FAILED {}:": "[SC] {} FEHLER {}:",
    "[SC] {} SUCCESS": "[SC] {} ERFOLG",
    "The operation completed successfully.": "Der Vorgang wurde erfolgreich beendet.",
    "The operation completed successfully": "Der Vorgang wurde erfolgreich ausgeführt.",
    "ERROR: The system was unable to find the specified registry key or value.":
        "FEHLER: Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
    "Error:  The system was unable to find the specified registry key or value.":
        "Fehler:  Der angegebene Registrierungsschlüssel bzw. Wert wurde nicht gefunden.",
    "ERROR: Access is denied.": "FEHLER: Zugriff verweigert",
    "Access is denied.": "Zugriff verweigert",
    "(Default)    {}    (value not set)": "(Standard)    {}    (Wert nicht festgelegt)",
    "(Default)    {}    {}": "(Standard)    {}    {}",
    "<NO NAME>\t{}\t{}": "<KEIN NAME>\t{}\t{}",
    "The system cannot find the file specified.":
        "Das System kann die angegebene Datei nicht finden.",
    "The system cannot find the path specified.":
        "Das System kann den angegebenen Pfad nicht finden.",
    "The specified service does not exist as an installed service.":
        "Der angegebene Dienst ist kein installierter Dienst.",
    "An instance of the service is already running.":
        "Es wird bereits eine Instanz des Dienstes ausgeführt.",
    "The service has not been started.": "Der Dienst wurde nicht gestartet.",
    "'{}' is not recognized as an internal or external command,":
        'Der Befehl "{}" ist entweder falsch geschrieben oder',
    "operable program or batch file.": "konnte nicht gefunden werden.",
    "The {} service is starting.": "{} wird gestartet.",
    "The {} service was started successfully.": "{} wurde erfolgreich gestartet.",
    "The {} service is stopping.": "{} wird beendet.",
    "The {} service was stopped successfully.": "{} wurde erfolgreich beendet.",
    "The command completed successfully.": "Der Befehl wurde erfolgreich ausgeführt.",
    "The service name is invalid.": "Der Dienstname ist ungültig.",
    "More help is available by typing NET HELPMSG {}.":
        'Sie erhalten weitere Hilfe, wenn Sie "NET HELPMSG {}" eingeben.',
    "System error {} has occurred.": "Systemfehler {} aufgetreten.",
    "No rules match the specified criteria.":
        "Es wurden keine Regeln gefunden, die den angegebenen Kriterien entsprechen.",
    "Ok.": "OK.",
    "ERROR: The system cannot find the file specified.":
        "FEHLER: Das System kann die angegebene Datei nicht finden.",
}  # fmt: skip
