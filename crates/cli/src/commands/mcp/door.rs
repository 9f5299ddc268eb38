//! Who may call tools over HTTP: the guard of the API, by its rules.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use fondaco_contract::http::Problem;
use fondaco_domain::access::Scope;
use fondaco_mcp::{Door, HeaderMap, Refusal};
use fondaco_server::{Asking, Denial, Guard};

/// Lets in who may look.
pub(super) struct Guarded(pub(super) Arc<Guard>);

#[async_trait]
impl Door for Guarded {
    async fn admit(&self, headers: &HeaderMap, peer: SocketAddr) -> Result<(), Refusal> {
        let asking = Asking {
            headers,
            peer: Some(peer),
            // No page from elsewhere needs tools, whatever the method.
            is_unsafe: true,
        };
        let granted = self.0.check(asking).await;
        let granted = granted.and_then(|granted| granted.may(Scope::Read));
        granted.map_err(|denial| refusal(&denial))
    }
}

fn refusal(denial: &Denial) -> Refusal {
    let wait = match denial {
        Denial::TooOften(wait) | Denial::TooFast(wait) => Some(wait.as_secs() + 1),
        _ => None,
    };
    Refusal {
        problem: Problem {
            hint: denial.hint(),
            ..Problem::new(denial.code(), denial.to_string())
        },
        wait,
    }
}
