"""Renders a case description as a Fondaco strategy file."""

ENTRY = {"long": "volume > 0", "short": "volume > 0"}


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
    # Placeholders: the signals of the case replace them.
    for side in ("long", "short"):
        if direction in (side, "both"):
            lines += [f"[entry.{side}]", 'when = "close > 0"', ""]
    lines += risk(rules) + sizing(case["config"])
    for protection in rules.get("protections", []):
        lines += protect(protection)
    for kind in ("entry", "exit"):
        for level in rules.get(f"adjust_{kind}", []):
            lines += [f"[[adjust.{kind}]]"] + [f"{key} = {value(item)}" for key, item in level.items()] + [""]
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


PROTECTIONS = {
    "CooldownPeriod": "cooldown",
    "StoplossGuard": "stoploss_guard",
    "LowProfitPairs": "low_profit_pairs",
    "MaxDrawdown": "max_drawdown",
}


def protect(protection):
    """One [[protections]] table, under our names."""
    lines = ["[[protections]]", f'type = "{PROTECTIONS[protection["method"]]}"']
    names = {
        "stop_duration_candles": "stop",
        "stop_duration": "stop_minutes",
        "lookback_period_candles": "lookback",
        "lookback_period": "lookback_minutes",
        "calculation_mode": "calculation",
    }
    for key, item in protection.items():
        if key != "method":
            lines.append(f"{names.get(key, key)} = {value(item)}")
    return lines + [""]


def value(item):
    """A TOML value."""
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, str):
        return f'"{item}"'
    return repr(item)
