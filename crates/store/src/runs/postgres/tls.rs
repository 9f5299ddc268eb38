//! Encrypted connections.

use std::sync::Arc;

use fondaco_app::ports::runs::RunStoreError;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Trusts whom the machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name
/// others.
pub(super) fn connector() -> Result<MakeRustlsConnect, RunStoreError> {
    let cannot = |source: Box<dyn std::error::Error + Send + Sync>| RunStoreError::Storage {
        action: "encrypt the connection to",
        source,
    };
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(cannot("this machine has no certificates to trust".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| cannot(error.into()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
