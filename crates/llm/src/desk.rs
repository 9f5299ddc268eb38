//! Where models are asked for: [`Desk`].

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use fondaco_app::ports::model::{
    CallContext, Capabilities, Completion, Model, ModelError, ModelRequest, Models, NanoDollars,
    Seat, Usage,
};
use fondaco_app::spending::Spending;

use crate::cassette::{Cassette, Mode};
use crate::catalog::{Catalog, Found, OWN, Provider};
use crate::gate::Gate;
use crate::library::Library;
use crate::own;
use crate::price::Price;
use crate::provider::{Client, Secret, Wire};
use crate::seat::{Retries, Seated};

/// All models that there are, each as it is to be asked.
pub struct Desk {
    catalog: Catalog,
    library: Library,
    spending: Spending,
    retries: Retries,
    /// Keys by provider.
    keys: BTreeMap<String, Arc<Secret>>,
    gates: BTreeMap<String, Gate>,
    /// Made when the first provider is asked.
    wire: OnceLock<Wire>,
    given: BTreeMap<String, Own>,
}

/// A model that is asked in this process.
#[derive(Clone)]
struct Own {
    capabilities: Capabilities,
    price: Price,
    model: Arc<dyn Model>,
}

/// Whom a name means.
enum Named<'a> {
    Own(Own),
    Provider(Found<'a>),
}

impl Desk {
    /// With the models of a catalog. Keys are looked up once, by the name of
    /// their variable.
    pub fn new(
        catalog: Catalog,
        library: Library,
        spending: Spending,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let key = |provider: &Provider| {
            let key = variable(provider.key_env.as_deref()?)?;
            let key = Arc::new(Secret::new(key.trim().to_owned()));
            Some((provider.name.clone(), key))
        };
        let gate = |provider: &Provider| {
            let gate = Gate::new(provider.in_flight, provider.per_minute);
            (provider.name.clone(), gate)
        };
        Self {
            keys: catalog.providers().filter_map(key).collect(),
            gates: catalog.providers().map(gate).collect(),
            catalog,
            library,
            spending,
            retries: Retries::default(),
            wire: OnceLock::new(),
            given: BTreeMap::new(),
        }
    }

    /// Asks again in another way.
    #[must_use]
    pub fn retrying(self, retries: Retries) -> Self {
        Self { retries, ..self }
    }

    /// With one more model, `provider/model`, or another one under a name that
    /// is known.
    #[must_use]
    pub fn with(
        mut self,
        name: &str,
        capabilities: Capabilities,
        price: Price,
        model: Arc<dyn Model>,
    ) -> Self {
        let own = Own {
            capabilities,
            price,
            model,
        };
        self.given.insert(name.to_owned(), own);
        self
    }

    /// What is known of models.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Recordings and journals.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// Whether a provider has what it needs to be asked.
    pub fn has_key(&self, provider: &Provider) -> bool {
        !provider.needs_key || self.keys.contains_key(&provider.name)
    }

    fn named(&self, name: &str) -> Result<Named<'_>, ModelError> {
        if let Some(own) = self.given.get(name) {
            return Ok(Named::Own(own.clone()));
        }
        let own = name
            .strip_prefix(OWN)
            .and_then(|rest| rest.strip_prefix('/'));
        if let Some(own) = own {
            let (capabilities, model) =
                own::of(own).ok_or_else(|| ModelError::Unknown(name.to_owned()))?;
            return Ok(Named::Own(Own {
                capabilities,
                price: Price::FREE,
                model,
            }));
        }
        self.catalog.find(name).map(Named::Provider)
    }

    fn client<'a>(&'a self, found: Found<'a>) -> Result<Client<'a>, ModelError> {
        let Found {
            provider,
            model,
            known,
        } = found;
        let key = self.keys.get(&provider.name).cloned();
        if key.is_none() && provider.needs_key {
            return Err(ModelError::Auth {
                provider: provider.name.clone(),
            });
        }
        Ok(Client {
            wire: self.wire(provider)?,
            provider,
            model,
            capabilities: known.capabilities,
            paid: !known.price.is_free(),
            key,
        })
    }

    fn wire(&self, provider: &Provider) -> Result<&Wire, ModelError> {
        if let Some(wire) = self.wire.get() {
            return Ok(wire);
        }
        let made = Wire::new().map_err(|source| ModelError::Unreachable {
            provider: provider.name.clone(),
            sent: false,
            source: source.into(),
        })?;
        // Another thread may have been faster.
        Ok(self.wire.get_or_init(|| made))
    }
}

impl Models for Desk {
    fn capabilities(&self, model: &str) -> Result<Capabilities, ModelError> {
        Ok(match self.named(model)? {
            Named::Own(own) => own.capabilities,
            Named::Provider(found) => found.known.capabilities,
        })
    }

    fn open<'a>(&'a self, seat: &Seat<'a>) -> Result<Box<dyn Model + 'a>, ModelError> {
        let named = self.named(seat.model)?;
        if let Some(hash) = seat.replay {
            let recording = self.library.recording(hash)?;
            return Ok(Box::new(Cassette::new(
                Nobody,
                &recording,
                Mode::ReplayOrFail,
            )));
        }
        let (model, price, asked): (Box<dyn Model + 'a>, Price, &str) = match named {
            Named::Own(own) => (Box::new(own.model), own.price, OWN),
            Named::Provider(found) => {
                let (price, provider) = (found.known.price, &*found.provider.name);
                (Box::new(self.client(found)?), price, provider)
            }
        };
        let paid = !price.is_free();
        Ok(Box::new(Seated {
            provider: asked,
            model,
            journal: self.library.journal(seat.run, seat.node)?,
            retries: self.retries,
            gate: self.gates.get(asked),
            paid: paid.then(|| (self.spending.ledger(seat.run, seat.limit), price)),
        }))
    }

    fn cost(&self, model: &str, usage: Usage) -> NanoDollars {
        let price = match self.named(model) {
            Ok(Named::Own(own)) => own.price,
            Ok(Named::Provider(found)) => found.known.price,
            Err(_) => Price::FREE,
        };
        price.of(usage)
    }
}

/// Behind a recording that answers everything itself.
struct Nobody;

impl Model for Nobody {
    fn complete(
        &self,
        request: &ModelRequest,
        _: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        Err(ModelError::Unknown(request.model.clone()))
    }
}
