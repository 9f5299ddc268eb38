"""Renders a case description as a Fondaco strategy file."""


def render(case):
    """The text of `strategy.toml`: everything but the signals, which come from files."""
    rules = case["strategy"]
    direction = sides(rules)
    lines = [
        "[strategy]",
        f'name = "{case["name"].replace("_", "-")}"',
        'version = "1.0.0"',
        f'timeframe = "{case["config"]["timeframe"]}"',
        f"startup_candles = {rules['startup']}",
        f'direction = "{direction}"',
        "",
    ]
    lines += ["[signals]", 'from = "files"', ""]
    lines += risk(rules) + sizing(case["config"])
    for protection in rules.get("protections", []):
        lines += protect(protection)
    for kind in ("entry", "exit"):
        for level in rules.get(f"adjust_{kind}", []):
            stated = {"of": "current", **level} if kind == "entry" else level
            lines += [f"[[adjust.{kind}]]"] + [f"{key} = {value(item)}" for key, item in stated.items()] + [""]
    return "\n".join(lines)


def sides(rules):
    """long, or what the signal columns give when shorts are allowed."""
    if not rules.get("can_short"):
        return "long"
    return rules.get("direction", "both")


def risk(rules):
    """The [risk] table."""
    roi = ", ".join(f'"{minute}" = {value(float(ratio))}' for minute, ratio in rules.get("roi", {}).items())
    lines = ["[risk]", f"stoploss = {value(rules['stoploss'])}", f"roi = {{ {roi} }}"]
    trailing = rules.get("trailing")
    if trailing is not None:
        text = ", ".join(f"{key} = {value(item)}" for key, item in trailing.items())
        lines.append(f"trailing = {{ {text} }}" if text else "trailing = true")
    for key in ("use_exit_signal", "exit_profit_only", "exit_profit_offset", "ignore_roi_if_entry_signal", "leverage"):
        if key in rules:
            lines.append(f"{key} = {value(rules[key])}")
    return lines + [""]


def sizing(config):
    """The [sizing] table; the freqtrade configuration gives the same and wins."""
    stake = config["stake_amount"]
    lines = ["[sizing]", f"stake = {value(stake)}"]
    if config["max_open_trades"] > 0:
        lines.append(f"max_open_trades = {config['max_open_trades']}")
    return lines + [""]


def protect(protection):
    """One [[protections]] table."""
    lines = ["[[protections]]", f'type = "{KINDS[protection["method"]]}"']
    for key, item in protection.items():
        if key != "method":
            lines.append(f"{NAMES.get(key, key)} = {value(item)}")
    return lines + [""]


KINDS = {
    "CooldownPeriod": "cooldown",
    "StoplossGuard": "stoploss_guard",
    "LowProfitPairs": "low_profit_pairs",
    "MaxDrawdown": "max_drawdown",
}
NAMES = {
    "stop_duration_candles": "stop_candles",
    "stop_duration": "stop",
    "lookback_period_candles": "lookback_candles",
    "lookback_period": "lookback",
    "calculation_mode": "calculation",
}


def value(item):
    """A TOML value."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return f'"{item}"'
    return repr(item)
