//! One client.

use std::collections::VecDeque;
use std::future::ready;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::Error;
use axum::body::Bytes;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, close_code};
use fondaco_app::feed::{Reader, Step, initial_state};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_contract::gateway::{ClientFrame, PROTOCOL, ServerMessage};
use fondaco_contract::http::ProblemCode;
use futures::SinkExt;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout};

use super::admit::Visitor;
use super::say::{close, deny, fail, refuse, say, text};
use super::{Gateway, Seat};
use crate::guard::Denial;

/// Pings that may stay without an answer.
const UNANSWERED: u8 = 2;

/// What a client should send, for the hint.
const KNOWN: &str = "send ping, get_state, subscribe, unsubscribe, auth or start_backtest";

/// A socket, who it belongs to, and their place in the feed.
pub(super) struct Connection {
    gateway: Arc<Gateway>,
    socket: WebSocket,
    visitor: Visitor,
    /// Nobody reads who has not shown that they may.
    reader: Option<Box<Reader>>,
    outbox: VecDeque<Bytes>,
    unanswered: u8,
    _seat: Seat,
}

/// How a turn ends: the connection goes on, or is over.
type Turn = ControlFlow<()>;

const GO_ON: Turn = ControlFlow::Continue(());
const OVER: Turn = ControlFlow::Break(());

impl Connection {
    pub(super) fn of(seat: Seat, socket: WebSocket, visitor: Visitor) -> Self {
        Self {
            gateway: Arc::clone(&seat.0),
            socket,
            visitor,
            reader: None,
            outbox: VecDeque::new(),
            unanswered: 0,
            _seat: seat,
        }
    }

    /// Until either side has had enough.
    pub(super) async fn talk(mut self) {
        if self.greet().await.is_break() {
            return;
        }
        let mut heart = heart(self.gateway.options.heartbeat);
        let gateway = Arc::clone(&self.gateway);
        loop {
            if self.outbox.is_empty() && self.fill().await.is_break() {
                return;
            }
            let waits = self.outbox.is_empty();
            let turn = tokio::select! {
                () = gateway.stop.said() => self.part().await,
                received = self.socket.recv() => self.hear(received).await,
                _ = heart.tick() => self.beat().await,
                () = ready(()), if !waits => self.empty().await,
                () = news(self.reader.as_deref()), if waits => GO_ON,
            };
            if turn.is_break() {
                return;
            }
        }
    }

    fn seq(&self) -> u64 {
        self.reader.as_ref().map_or(0, |reader| reader.seq())
    }

    /// The first frame, and the place in the feed for who may read it.
    async fn greet(&mut self) -> Turn {
        let authenticated = self.visitor.granted.is_some();
        if authenticated && self.reader.is_none() {
            let hub = Arc::clone(&self.gateway.hub);
            match blocking(move || hub.join()).await {
                Ok(reader) => self.reader = Some(Box::new(reader)),
                Err(failure) => return self.give_up(failure).await,
            }
        }
        let options = &self.gateway.options;
        let hello = ServerMessage::Hello {
            protocol: PROTOCOL,
            generation: options.generation,
            head: if authenticated {
                self.gateway.hub.head()
            } else {
                0
            },
            heartbeat_seconds: options.heartbeat.as_secs().try_into().unwrap_or(u32::MAX),
            authenticated,
        };
        let hello = say(self.seq(), hello);
        self.send(hello).await
    }

    /// Takes what comes next out of the feed.
    async fn fill(&mut self) -> Turn {
        let Some(reader) = &mut self.reader else {
            return GO_ON;
        };
        match reader.step() {
            Step::Frames(frames) => self.outbox.extend(frames),
            Step::Wait => {}
            Step::Load => {
                let Some(mut reader) = self.reader.take() else {
                    return GO_ON;
                };
                let work = move || {
                    let loaded = reader.load();
                    Ok((reader, loaded))
                };
                let loaded = match blocking(work).await {
                    Ok((reader, loaded)) => {
                        self.reader = Some(reader);
                        loaded.map_err(Failure::Store)
                    }
                    Err(failure) => Err(failure),
                };
                match loaded {
                    Ok(frames) => self.outbox.extend(frames),
                    Err(failure) => return self.give_up(failure).await,
                }
            }
        }
        GO_ON
    }

    /// Sends what is to be sent, in one go.
    async fn empty(&mut self) -> Turn {
        let patience = self.patience();
        let (socket, outbox) = (&mut self.socket, &mut self.outbox);
        let sending = async {
            for frame in outbox.drain(..) {
                socket.feed(text(frame)).await?;
            }
            socket.flush().await
        };
        settled(&timeout(patience, sending).await)
    }

    async fn send(&mut self, message: Message) -> Turn {
        let patience = self.patience();
        settled(&timeout(patience, self.socket.send(message)).await)
    }

    /// Who takes nothing for so long is not there.
    fn patience(&self) -> Duration {
        self.gateway.options.heartbeat * u32::from(UNANSWERED)
    }

    async fn hear(&mut self, received: Option<Result<Message, Error>>) -> Turn {
        let message = match received {
            None => return OVER,
            Some(Ok(message)) => message,
            Some(Err(error)) => return self.interrupt(&error).await,
        };
        self.unanswered = 0;
        match message {
            Message::Text(text) => self.obey(&text).await,
            Message::Binary(_) => {
                let detail = "frames are JSON, as text";
                let refusal = refuse(self.seq(), ProblemCode::UnsupportedMediaType, detail);
                self.send(refusal).await
            }
            // After a close frame the next look says that it is over.
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => GO_ON,
        }
    }

    /// What cannot be read is too long, or no frame; or the line is gone and
    /// nobody hears why.
    async fn interrupt(&mut self, error: &Error) -> Turn {
        let limit = self.gateway.options.frame;
        let last = if error.to_string().contains("too long") {
            let detail = format!("a frame may have {limit} bytes");
            let refusal = refuse(self.seq(), ProblemCode::TooLarge, detail);
            let _ = self.send(refusal).await;
            close(close_code::SIZE, "the frame is too long")
        } else {
            close(close_code::PROTOCOL, "this is no frame")
        };
        let _ = self.send(last).await;
        OVER
    }

    async fn obey(&mut self, text: &Utf8Bytes) -> Turn {
        let wish = match serde_json::from_str::<ClientFrame>(text) {
            Ok(wish) => wish,
            Err(error) => {
                let message = ServerMessage::Error {
                    code: ProblemCode::Invalid,
                    detail: error.to_string(),
                    hint: Some(KNOWN.to_owned()),
                };
                let refusal = say(self.seq(), message);
                return self.send(refusal).await;
            }
        };
        match wish {
            ClientFrame::Ping => {
                let timestamp = self.gateway.platform.machine.wall().to_string();
                let pong = say(self.seq(), ServerMessage::Pong { timestamp });
                self.send(pong).await
            }
            ClientFrame::Auth { key } => self.authenticate(key).await,
            // No room is in backtest mode, since there are no rooms yet.
            ClientFrame::StartBacktest(_) => GO_ON,
            ClientFrame::GetState => {
                if self.reader.is_none() {
                    return self.ask_for_key().await;
                }
                self.show_room().await
            }
            ClientFrame::Subscribe(wish) => {
                let Some(reader) = &mut self.reader else {
                    return self.ask_for_key().await;
                };
                match reader.subscribe(&wish) {
                    Ok(()) => GO_ON,
                    Err(refused) => {
                        let refusal = fail(self.seq(), &refused);
                        self.send(refusal).await
                    }
                }
            }
            ClientFrame::Unsubscribe => {
                if let Some(reader) = &mut self.reader {
                    reader.unsubscribe();
                }
                GO_ON
            }
        }
    }

    async fn authenticate(&mut self, key: String) -> Turn {
        let gateway = Arc::clone(&self.gateway);
        match self.visitor.show(&gateway.platform.guard, key).await {
            Ok(()) => self.greet().await,
            Err(denial) => {
                // Who was let in by another key is not any more.
                self.reader = None;
                self.outbox.clear();
                let refusal = deny(self.seq(), &denial);
                self.send(refusal).await
            }
        }
    }

    async fn ask_for_key(&mut self) -> Turn {
        let refusal = deny(self.seq(), &Denial::NoKey);
        self.send(refusal).await
    }

    async fn show_room(&mut self) -> Turn {
        let platform = Arc::clone(&self.gateway.platform);
        let state = blocking(move || initial_state(&*platform.store, &*platform.machine));
        let answer = match state.await {
            Ok(state) => {
                let state = Box::new(state);
                say(self.seq(), ServerMessage::InitialState { state })
            }
            Err(Failure::Store(error)) => fail(self.seq(), &error),
            Err(failure @ Failure::Panicked) => return self.give_up(failure).await,
        };
        self.send(answer).await
    }

    /// A sign of life, and a look whether they still may be here.
    async fn beat(&mut self) -> Turn {
        if self.unanswered >= UNANSWERED {
            let _ = self
                .send(close(close_code::POLICY, "pings were not answered"))
                .await;
            return OVER;
        }
        let gateway = Arc::clone(&self.gateway);
        let looked = self.visitor.look_again(&gateway.platform.guard).await;
        let refused = match looked {
            Ok(()) if self.visitor.granted.is_some() => None,
            Ok(()) => Some(Denial::NoKey),
            // That the keys cannot be read changes nothing for who was let in.
            Err(Denial::Keys(_)) => None,
            Err(denial) => Some(denial),
        };
        if let Some(denial) = refused {
            let refusal = deny(self.seq(), &denial);
            let _ = self.send(refusal).await;
            let _ = self
                .send(close(close_code::POLICY, "a key is needed"))
                .await;
            return OVER;
        }
        self.unanswered += 1;
        self.send(Message::Ping(Bytes::new())).await
    }

    /// Says that the gateway ends, and where to go on.
    async fn part(&mut self) -> Turn {
        let seq = self.seq();
        let content = format!(
            "gateway generation {} ends; go on with the next one",
            self.gateway.options.generation
        );
        let _ = self.send(say(seq, ServerMessage::System { content })).await;
        let _ = self
            .send(close(close_code::AWAY, format!("seq={seq}")))
            .await;
        OVER
    }

    /// Says that it cannot go on; the client comes again with its number.
    async fn give_up(&mut self, failure: Failure) -> Turn {
        let seq = self.seq();
        let refusal = match failure {
            Failure::Store(error) => fail(seq, &error),
            Failure::Panicked => refuse(seq, ProblemCode::Internal, "the gateway has failed"),
        };
        let _ = self.send(refusal).await;
        let _ = self
            .send(close(close_code::ERROR, format!("seq={seq}")))
            .await;
        OVER
    }
}

/// Why the feed could not be read.
enum Failure {
    Store(RunStoreError),
    Panicked,
}

/// Work that waits for the disk, off the threads that serve sockets.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunStoreError> + Send + 'static,
) -> Result<T, Failure> {
    match spawn_blocking(work).await {
        Ok(done) => done.map_err(Failure::Store),
        Err(_) => Err(Failure::Panicked),
    }
}

/// Until there is something for a reader; for ever without one.
async fn news(reader: Option<&Reader>) {
    match reader {
        Some(reader) => reader.changed().await,
        None => std::future::pending().await,
    }
}

/// The first ping is one period away.
fn heart(period: Duration) -> Interval {
    let mut heart = interval_at(Instant::now() + period, period);
    heart.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heart
}

fn settled<E, T>(sent: &Result<Result<(), E>, T>) -> Turn {
    match sent {
        Ok(Ok(())) => GO_ON,
        Ok(Err(_)) | Err(_) => OVER,
    }
}
