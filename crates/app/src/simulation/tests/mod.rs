mod plan;
mod trading;
