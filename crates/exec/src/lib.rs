//! Where the attempts of tasks run: on threads of this process, or in child
//! processes that outlive a restart of it.
//!
//! Knows nothing of what a task means: that is the
//! [`TaskBody`](fondaco_app::ports::exec::TaskBody) it is handed.
