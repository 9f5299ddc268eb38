"""The table of market rules both sides use: steps, minimum costs, leverage tiers."""

# Upper notional, maintenance margin rate and largest leverage of each tier. The
# maintenance amount follows from continuity of the margin at the tier's border.
TIERS = {
    "BTC/USDT:USDT": [
        (300e3, 0.004, 150),
        (800e3, 0.005, 100),
        (3e6, 0.0065, 75),
        (12e6, 0.01, 50),
        (70e6, 0.02, 25),
        (100e6, 0.025, 20),
        (230e6, 0.05, 10),
        (480e6, 0.1, 5),
        (600e6, 0.125, 4),
        (800e6, 0.15, 3),
        (1200e6, 0.25, 2),
        (1800e6, 0.5, 1),
    ],
    "XRP/USDT:USDT": [
        (40e3, 0.005, 100),
        (80e3, 0.006, 75),
        (150e3, 0.01, 50),
        (400e3, 0.0125, 40),
        (1e6, 0.02, 25),
        (2e6, 0.025, 20),
        (10e6, 0.05, 10),
        (20e6, 0.1, 5),
        (25e6, 0.125, 4),
        (50e6, 0.25, 2),
        (100e6, 0.5, 1),
    ],
}


def market(pair):
    """A market in the shape ccxt gives it."""
    base, quote = pair.split(":")[0].split("/")
    swap = ":" in pair
    if swap:
        amount_step, minimum_cost = 0.001, 5
    elif quote == "BTC":
        amount_step, minimum_cost = 0.001, 0.0001
    else:
        amount_step, minimum_cost = 1e-05, 5
    return {
        "id": base + quote,
        "symbol": pair,
        "base": base,
        "quote": quote,
        "settle": quote if swap else None,
        "type": "swap" if swap else "spot",
        "spot": not swap,
        "margin": False,
        "swap": swap,
        "future": False,
        "option": False,
        "contract": swap,
        "linear": True if swap else None,
        "inverse": False if swap else None,
        "active": True,
        "contractSize": 1 if swap else None,
        "taker": 0.001,
        "maker": 0.001,
        "precision": {"amount": amount_step, "price": 1e-08},
        "limits": {
            "amount": {"min": None, "max": None},
            "cost": {"min": minimum_cost, "max": None},
            "price": {"min": None, "max": None},
            "leverage": {"min": None, "max": None},
        },
        "info": {},
    }


def tiers(pair):
    """Leverage tiers of a swap in the shape ccxt gives them."""
    rows = []
    floor, rate_before, kept = 0.0, 0.0, 0.0
    for number, (ceiling, rate, leverage) in enumerate(TIERS[pair], start=1):
        kept = round(kept + floor * (rate - rate_before), 6)
        rows.append(
            {
                "tier": number,
                "minNotional": floor,
                "maxNotional": ceiling,
                "maintenanceMarginRate": rate,
                "maxLeverage": float(leverage),
                "info": {"cum": str(kept)},
            }
        )
        floor, rate_before = ceiling, rate
    return rows
