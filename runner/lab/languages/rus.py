"""Russian (code page 866 in the console, 1251 elsewhere).

In public transcripts: the labels and messages of sc (a Russian sc translates the names before the
colons, too), reg's message about a missing key, chcp, cmd. Assumed: the others.
"""

LABELS = {
    "SERVICE_NAME": "Имя_службы",
    "DISPLAY_NAME": "Выводимое_имя",
    "TYPE": "Тип",
    "STATE": "Состояние",
    "WIN32_EXIT_CODE": "Код_выхода_Win32",
    "SERVICE_EXIT_CODE": "Код_выхода_службы",
    "CHECKPOINT": "Контрольная_точка",
    "WAIT_HINT": "Ожидание",
    "PID": "ID_процесса",
    "FLAGS": "Флаги",
    "START_TYPE": "Тип_запуска",
    "ERROR_CONTROL": "Управление_ошибками",
    "BINARY_PATH_NAME": "Имя_двоичного_файла",
    "LOAD_ORDER_GROUP": "Группа_запуска",
    "TAG": "Тег",
    "DEPENDENCIES": "Зависимости",
    "SERVICE_START_NAME": "Начальное_имя_службы",
    "DESCRIPTION": "Описание",
}

PHRASES = {
    "Active code page: {}": "Текущая кодовая страница: {}",
    "[SC] {} FAILED {}:": "[SC] {}: ошибка: {}:",
    "[SC] {} SUCCESS": "[SC] {}: успех",
    "The operation completed successfully.": "Операция успешно завершена.",
    "The operation completed successfully": "Операция успешно завершена",
    "ERROR: The system was unable to find the specified registry key or value.":
        "ОШИБКА: Не удается найти указанный раздел или параметр в реестре.",
    "Error:  The system was unable to find the specified registry key or value.":
        "Ошибка:  Не удается найти указанный раздел или параметр в реестре.",
    "ERROR: Access is denied.": "ОШИБКА: Отказано в доступе.",
    "Access is denied.": "Отказано в доступе.",
    "(Default)    {}    (value not set)": "(по умолчанию)    {}    (значение не присвоено)",
    "(Default)    {}    {}": "(по умолчанию)    {}    {}",
    "<NO NAME>\t{}\t{}": "<БЕЗ ИМЕНИ>\t{}\t{}",
    "The system cannot find the file specified.": "Не удается найти указанный файл.",
    "The system cannot find the path specified.": "Системе не удается найти указанный путь.",
    "The specified service does not exist as an installed service.":
        "Указанная служба не установлена.",
    "An instance of the service is already running.": "Одна копия службы уже запущена.",
    "The service has not been started.": "Служба не запущена.",
    "The specified service has been marked for deletion.":
        "Указанная служба была отмечена для удаления.",
    "'{}' is not recognized as an internal or external command,":
        '"{}" не является внутренней или внешней',
    "operable program or batch file.":
        "командой, исполняемой программой или пакетным файлом.",
    "The {} service is starting.": "Служба \"{}\" запускается.",
    "The {} service was started successfully.": "Служба \"{}\" успешно запущена.",
    "The {} service is stopping.": "Служба \"{}\" останавливается.",
    "The {} service was stopped successfully.": "Служба \"{}\" успешно остановлена.",
    "The command completed successfully.": "Команда выполнена успешно.",
    "The service name is invalid.": "Неправильно указано имя службы.",
    "More help is available by typing NET HELPMSG {}.":
        'Для вызова дополнительной справки наберите NET HELPMSG {}.',
    "System error {} has occurred.": "Системная ошибка {}.",
    "No rules match the specified criteria.":
        "Ни одно правило не соответствует указанным критериям.",
    "Ok.": "ОК.",
    "ERROR: The system cannot find the file specified.":
        "ОШИБКА: Не удается найти указанный файл.",
    "nt authority\\system": "nt authority\\система",
}  # fmt: skip
