//! One connection: its settings, its prepared statements, its failures.

use std::collections::HashMap;
use std::error::Error as _;

use fondaco_app::ports::runs::RunStoreError;
use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Row, Statement};

use super::address::Address;
use super::tls;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Others were in the way: the same again may do.
    Again,
    /// The connection is gone, or the server is.
    Lost,
    /// Neither.
    Other,
}

/// A parameter of a statement.
pub(super) type Param<'a> = &'a (dyn ToSql + Sync);

/// What a connection is for: its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Batches of transitions. Everything is found by an index and joined row
    /// by row, whatever the statistics of a table that was empty a moment ago
    /// say.
    Write,
    /// Reads and small writes, planned for the values they are asked with.
    Read,
    /// Wake-ups: nothing is lost that a poll would not find.
    News,
}

impl Purpose {
    /// A transaction that does nothing for ten seconds is ended by the server,
    /// so that a process that was stopped in the middle of one holds up no
    /// halt for longer.
    fn settings(self) -> &'static str {
        match self {
            Self::Write => {
                "set jit = off; set plan_cache_mode = force_generic_plan;
                 set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off;
                 set enable_hashjoin = off; set enable_mergejoin = off; set enable_material = off;
                 set idle_in_transaction_session_timeout = '10s';"
            }
            Self::Read => {
                "set jit = off; set plan_cache_mode = force_custom_plan;
                 set idle_in_transaction_session_timeout = '10s';"
            }
            Self::News => "set synchronous_commit = off;",
        }
    }
}

/// Commits wait for the disk, even where the database says they need not.
const DURABLE: &str = "select set_config('synchronous_commit', 'on', false)
                       where current_setting('synchronous_commit') = 'off'";

/// A connection.
pub(super) struct Link {
    client: Client,
    statements: HashMap<&'static str, Statement>,
    place: String,
    trouble: Option<Trouble>,
}

impl Link {
    pub(super) fn connect(address: &Address, purpose: Purpose) -> Result<Self, RunStoreError> {
        let unreachable = |source: postgres::Error| RunStoreError::Unreachable {
            place: address.place.clone(),
            source: source.into(),
        };
        let client = if address.tls {
            address.config.connect(tls::connector()?)
        } else {
            address.config.connect(NoTls)
        };
        let mut client = client.map_err(unreachable)?;
        if purpose != Purpose::News {
            client.batch_execute(DURABLE).map_err(unreachable)?;
        }
        client
            .batch_execute(purpose.settings())
            .map_err(unreachable)?;
        Ok(Self {
            client,
            statements: HashMap::new(),
            place: address.place.clone(),
            trouble: None,
        })
    }

    pub(super) fn query(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<Vec<Row>, RunStoreError> {
        let statement = self.statement(sql)?;
        let rows = self.client.query(&statement, params);
        rows.map_err(|error| self.failed("read", error))
    }

    pub(super) fn execute(
        &mut self,
        sql: &'static str,
        params: &[Param<'_>],
    ) -> Result<u64, RunStoreError> {
        let statement = self.statement(sql)?;
        let count = self.client.execute(&statement, params);
        count.map_err(|error| self.failed("write", error))
    }

    /// Several statements at once, without parameters.
    pub(super) fn say(&mut self, action: &'static str, sql: &str) -> Result<(), RunStoreError> {
        let said = self.client.batch_execute(sql);
        said.map_err(|error| self.failed(action, error))
    }

    /// The connection itself, for what only news need.
    pub(super) fn client(&mut self) -> &mut Client {
        &mut self.client
    }

    /// What the worst failure since the last call was, if there was any.
    pub(super) fn take_trouble(&mut self) -> Option<Trouble> {
        if self.client.is_closed() {
            return Some(Trouble::Lost);
        }
        self.trouble.take()
    }

    /// Whether the server still answers.
    pub(super) fn answers(&mut self) -> bool {
        let patience = std::time::Duration::from_secs(2);
        !self.client.is_closed() && self.client.is_valid(patience).is_ok()
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement, RunStoreError> {
        if let Some(known) = self.statements.get(sql) {
            return Ok(known.clone());
        }
        let prepared = self.client.prepare(sql);
        let statement = prepared.map_err(|error| self.failed("prepare for", error))?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    fn failed(&mut self, action: &'static str, error: postgres::Error) -> RunStoreError {
        let trouble = trouble(&error);
        // What follows a failure in the same transaction fails because of it.
        self.trouble.get_or_insert(trouble);
        if trouble == Trouble::Lost {
            self.trouble = Some(Trouble::Lost);
            return RunStoreError::Unreachable {
                place: self.place.clone(),
                source: error.into(),
            };
        }
        RunStoreError::Storage {
            action,
            source: error.into(),
        }
    }
}

fn trouble(error: &postgres::Error) -> Trouble {
    let Some(code) = error.code() else {
        let by_io = error
            .source()
            .is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        return if error.is_closed() || by_io {
            Trouble::Lost
        } else {
            Trouble::Other
        };
    };
    let again = [
        &SqlState::T_R_DEADLOCK_DETECTED,
        &SqlState::T_R_SERIALIZATION_FAILURE,
        // Another process submitted the same at the same time, or began a run
        // of the same concurrency key.
        &SqlState::UNIQUE_VIOLATION,
        &SqlState::EXCLUSION_VIOLATION,
    ];
    let lost = [
        &SqlState::ADMIN_SHUTDOWN,
        &SqlState::CRASH_SHUTDOWN,
        &SqlState::CANNOT_CONNECT_NOW,
        &SqlState::TOO_MANY_CONNECTIONS,
        &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    if again.contains(&code) {
        Trouble::Again
    } else if lost.contains(&code) || code.code().starts_with("08") {
        Trouble::Lost
    } else {
        Trouble::Other
    }
}
