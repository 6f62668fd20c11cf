"""Simplified Chinese (code page 936).

In public transcripts: the texts of sc, reg, chcp, cmd and the system's messages 5 and 1060.
Assumed: the others.
"""

PHRASES = {
    "Active code page: {}": "活动代码页: {}",
    "[SC] {} FAILED {}:": "[SC] {} 失败 {}:",
    "[SC] {} SUCCESS": "[SC] {} 成功",
    "The operation completed successfully.": "操作成功完成。",
    "The operation completed successfully": "操作成功结束",
    "ERROR: The system was unable to find the specified registry key or value.":
        "错误: 系统找不到指定的注册表项或值。",
    "Error:  The system was unable to find the specified registry key or value.":
        "错误:  系统找不到指定的注册表项或值。",
    "ERROR: Access is denied.": "错误: 拒绝访问。",
    "Access is denied.": "拒绝访问。",
    "(Default)    {}    (value not set)": "(默认)    {}    (数值未设置)",
    "(Default)    {}    {}": "(默认)    {}    {}",
    "<NO NAME>\t{}\t{}": "<没有名称>\t{}\t{}",
    "The system cannot find the file specified.": "系统找不到指定的文件。",
    "The system cannot find the path specified.": "系统找不到指定的路径。",
    "The specified service does not exist as an installed service.": "指定的服务未安装。",
    "An instance of the service is already running.": "服务的实例已在运行中。",
    "The service has not been started.": "服务尚未启动。",
    "'{}' is not recognized as an internal or external command,":
        "'{}' 不是内部或外部命令，也不是可运行的程序",
    "operable program or batch file.": "或批处理文件。",
    "The {} service is starting.": "{} 服务正在启动 .",
    "The {} service was started successfully.": "{} 服务已经启动成功。",
    "The {} service is stopping.": "{} 服务正在停止.",
    "The {} service was stopped successfully.": "{} 服务已成功停止。",
    "The command completed successfully.": "命令成功完成。",
    "The service name is invalid.": "服务名无效。",
    "More help is available by typing NET HELPMSG {}.":
        "请键入 NET HELPMSG {} 以获得更多的帮助。",
    "System error {} has occurred.": "发生系统错误 {}。",
    "No rules match the specified criteria.": "没有与指定标准相匹配的规则。",
    "Ok.": "确定。",
    "ERROR: The system cannot find the file specified.": "错误: 系统找不到指定的文件。",
}  # fmt: skip
