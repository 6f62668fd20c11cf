"""Japanese (code page 932).

In public transcripts: chcp, cmd, reg's message about a missing key, sc's first line (which is
English) and "completed successfully". Assumed: the others.
"""

PHRASES = {
    "Active code page: {}": "現在のコード ページ: {}",
    "The operation completed successfully.": "この操作を正しく終了しました。",
    "The operation completed successfully": "この操作を正しく終了しました",
    "ERROR: The system was unable to find the specified registry key or value.":
        "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。",
    "Error:  The system was unable to find the specified registry key or value.":
        "エラー:  指定されたレジストリ キーまたは値が見つかりませんでした。",
    "ERROR: Access is denied.": "エラー: アクセスが拒否されました。",
    "Access is denied.": "アクセスが拒否されました。",
    "(Default)    {}    (value not set)": "(既定)    {}    (値の設定なし)",
    "(Default)    {}    {}": "(既定)    {}    {}",
    "<NO NAME>\t{}\t{}": "<名前なし>\t{}\t{}",
    "The system cannot find the file specified.": "指定されたファイルが見つかりません。",
    "The system cannot find the path specified.": "指定されたパスが見つかりません。",
    "The specified service does not exist as an installed service.":
        "指定されたサービスはインストールされたサービスとして存在しません。",
    "An instance of the service is already running.":
        "サービスのインスタンスは既に実行中です。",
    "The service has not been started.": "サービスは開始されていません。",
    "'{}' is not recognized as an internal or external command,":
        "'{}' は、内部コマンドまたは外部コマンド、",
    "operable program or batch file.":
        "操作可能なプログラムまたはバッチ ファイルとして認識されていません。",
    "The {} service is starting.": "{} サービスを開始します.",
    "The {} service was started successfully.": "{} サービスは正常に開始されました。",
    "The {} service is stopping.": "{} サービスを停止中です.",
    "The {} service was stopped successfully.": "{} サービスは正常に停止されました。",
    "The command completed successfully.": "コマンドは正常に終了しました。",
    "The service name is invalid.": "サービス名は無効です。",
    "More help is available by typing NET HELPMSG {}.":
        "NET HELPMSG {} と入力すると、より詳しい説明が得られます。",
    "System error {} has occurred.": "システム エラー {} が発生しました。",
    "No rules match the specified criteria.": "指定された条件に一致する規則はありません。",
    "Ok.": "OK",
    "ERROR: The system cannot find the file specified.":
        "エラー: 指定されたファイルが見つかりません。",
}  # fmt: skip
