//! Encrypted connections: verified, or none.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use fondaco_app::ports::runs::{RunStore, RunStoreError};
use fondaco_store::runs::conformance::at;
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::{own, shared};
use super::together::numbered;

const ADDRESS: &str = "FONDACO_TEST_TLS_ADDRESS";
const SOCKET: &str = "FONDACO_TEST_TLS_SOCKET";

#[test]
fn a_server_without_encryption_is_refused_where_it_is_asked_for() {
    let Some(server) = shared() else { return };
    let address = format!("{}&sslmode=require", server.database());
    let error = PgRuns::open(&address, PgOptions::default()).unwrap_err();
    assert!(
        matches!(
            error,
            RunStoreError::Unreachable { .. } | RunStoreError::Storage { .. }
        ),
        "{error:?}"
    );
}

#[test]
fn a_server_whose_certificate_is_trusted_is_reached() {
    let port = free_port();
    let Some(server) = own(&format!("-c listen_addresses=localhost -c port={port}")) else {
        return;
    };
    let folder = server.folder();
    if !certificates(folder) {
        return;
    }
    for file in ["server.crt", "server.key"] {
        server.give(&folder.join(file));
    }
    let socket = server.database();
    let mut raw = postgres::Client::connect(&socket, postgres::NoTls).unwrap();
    for (setting, value) in [
        ("ssl_cert_file", folder.join("server.crt")),
        ("ssl_key_file", folder.join("server.key")),
        ("ssl", "on".into()),
    ] {
        raw.batch_execute(&format!(
            "alter system set {setting} = '{}'",
            value.display()
        ))
        .unwrap();
    }
    raw.batch_execute("select pg_reload_conf()").unwrap();
    let database: String = raw
        .query_one("select current_database()", &[])
        .unwrap()
        .get(0);
    let address = format!("postgres://fondaco@localhost:{port}/{database}?sslmode=require");
    assert!(reaches(&address, &socket, &folder.join("ca.crt")));
    assert!(!reaches(&address, &socket, &folder.join("other.crt")));
}

/// Let go at once: the server cannot choose one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Trust is taken from the environment, so another process is asked.
fn reaches(address: &str, socket: &str, trusted: &Path) -> bool {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored"])
        .arg(format!(
            "{}::client",
            module_path!().split_once("::").unwrap().1
        ))
        .env(ADDRESS, address)
        .env(SOCKET, socket)
        .env("SSL_CERT_FILE", trusted)
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("running 1 test"), "{said}");
    output.status.success() || {
        assert!(said.contains("UnknownIssuer"), "{said}");
        false
    }
}

#[test]
#[ignore = "started by the test above"]
fn client() {
    let Ok(address) = std::env::var(ADDRESS) else {
        return;
    };
    let store = PgRuns::open(&address, PgOptions::default()).unwrap();
    store.submit(numbered(1, 1), at(1)).unwrap();
    let socket = std::env::var(SOCKET).unwrap();
    let mut raw = postgres::Client::connect(&socket, postgres::NoTls).unwrap();
    let sql = "select bool_and(s.ssl) from pg_stat_ssl s join pg_stat_activity a using(pid)
               where a.datname = current_database() and a.application_name = 'fondaco'";
    assert!(raw.query_one(sql, &[]).unwrap().get::<_, bool>(0));
}

/// An authority, a server of its own, and another authority.
fn certificates(folder: &Path) -> bool {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").unwrap();
    for words in [
        format!("req -x509 {key} -keyout ca.key -out ca.crt -days 2 -subj /CN=tests"),
        format!("req -x509 {key} -keyout other.key -out other.crt -days 2 -subj /CN=other"),
        format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"),
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 \
         -extfile names -out server.crt"
            .to_owned(),
    ] {
        let made = Command::new("openssl")
            .args(words.split_whitespace())
            .current_dir(folder)
            .output();
        if !made.is_ok_and(|output| output.status.success()) {
            super::server::skip("no openssl to make certificates with");
            return false;
        }
    }
    true
}
