//! Simulations: models that trade day by day, each with an account of its own.
