//! Routes of other systems, in their own words, over the same use cases.

pub(crate) mod s000;
pub(crate) mod s001;
pub(crate) mod s002;
pub(crate) mod s004;
