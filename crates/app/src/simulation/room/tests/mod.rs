mod answers;
mod memory;
mod words;
