mod answers;
mod future;
mod hostile;
mod world;
