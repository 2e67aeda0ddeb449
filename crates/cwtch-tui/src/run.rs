//! The loop: one task that waits for keys, for what is told, for the clock and for signals, and draws when something has changed.

use std::io::{self, Write as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossterm::event::EventStream;
use cwtch_app::{Effect, Input, Start, State, update};
use futures::StreamExt as _;
use signal_hook::consts::SIGTSTP;
use signal_hook::low_level::emulate_default_handler;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::clipboard;
use crate::draw::{self, Look};
use crate::host::{End, Host, TuiError};
use crate::keys::{Pressed, pressed};
use crate::screen::{self, Screen};
use crate::theme::Theme;

/// The shortest time between two drawings.
const FRAME: Duration = Duration::from_millis(16);
/// The most of what is told that is taken before it is drawn.
const BATCH: usize = 256;

/// Options of the app on a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// True for colours.
    pub colour: bool,
    /// True if the mouse is for the app, and not for the terminal's own selecting.
    pub mouse: bool,
}

/// Signals that end or stop the app.
struct Signals {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
        })
    }
}

/// Runs the app on the terminal of standard input and output until the person leaves it, or a signal ends it (the daemon goes on
/// then). `told` is what the host and the engine tell.
///
/// # Errors
/// If the terminal cannot be used, or a part of the program fails. The terminal is as it was before.
pub async fn run(
    mut state: State,
    start: Start,
    host: &mut impl Host,
    told: &mut mpsc::Receiver<Input>,
    options: Options,
) -> Result<End, TuiError> {
    // Before the terminal is changed: one that came between would leave it so.
    let mut signals = Signals::listen()?;
    let mut screen = Screen::take(options.mouse)?;
    let theme = Theme { colour: options.colour };
    let mut look = Look::default();
    let mut keys = EventStream::new();
    let mut clock = interval(Duration::from_secs(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let size = screen.terminal.size()?;
    let mut inputs = vec![
        Input::Size { columns: size.width, rows: size.height },
        Input::Tick(now()),
        Input::Started(start),
    ];
    let mut drawn_at = Instant::now();
    let mut dirty = true;
    loop {
        for input in inputs.drain(..) {
            let shown = passing(&state);
            let ticks = matches!(input, Input::Tick(_));
            let effects = update(&mut state, input);
            // A second that changes nothing in sight is not drawn.
            dirty |= !ticks || !effects.is_empty() || shown != passing(&state);
            for effect in effects {
                match effect {
                    Effect::Quit { stop } => return Ok(if stop { End::Stop } else { End::Stay }),
                    Effect::Copy(text) => dirty |= copy(&screen, &mut state, &text)?,
                    Effect::Call => bell(&screen)?,
                    other => host.carry_out(other),
                }
            }
        }
        if screen::is_broken() {
            return Err(TuiError::Broken);
        }
        if dirty && drawn_at.elapsed() >= FRAME {
            screen.terminal.draw(|frame| draw::draw(frame, &state, theme, &mut look))?;
            (dirty, drawn_at) = (false, Instant::now());
        }
        tokio::select! {
            event = keys.next() => match event {
                Some(event) => match pressed(event?, &state, &look.areas) {
                    Pressed::For(input) => inputs.push(input),
                    Pressed::Redraw => {
                        screen.terminal.clear()?;
                        dirty = true;
                    }
                    Pressed::Stop => {
                        stop(&mut screen)?;
                        dirty = true;
                    }
                    Pressed::Nothing => {}
                },
                // Nobody can press anything any more.
                None => return Ok(End::Stay),
            },
            first = told.recv() => match first {
                Some(first) => {
                    inputs.push(first);
                    while inputs.len() < BATCH && let Ok(more) = told.try_recv() {
                        inputs.push(more);
                    }
                }
                None => return Err(TuiError::Broken),
            },
            _ = clock.tick() => inputs.push(Input::Tick(now())),
            () = sleep_until(drawn_at + FRAME), if dirty => {}
            _ = signals.stop.recv() => {
                stop(&mut screen)?;
                dirty = true;
            }
            _ = signals.terminate.recv() => return Ok(End::Stay),
            _ = signals.hangup.recv() => return Ok(End::Stay),
            _ = signals.interrupt.recv() => return Ok(End::Stay),
        }
    }
}

/// Things that change as time goes by: the notice, and the day.
fn passing(state: &State) -> (bool, jiff::civil::Date) {
    let now = jiff::Timestamp::from_second(state.now).unwrap_or_default();
    (state.notice.is_some(), state.zone.to_datetime(now).date())
}

/// Stops as other programs do, with the terminal as it was, and goes on when the shell says so.
fn stop(screen: &mut Screen) -> io::Result<()> {
    screen::leave();
    emulate_default_handler(SIGTSTP)?;
    screen.take_again()
}

/// Copies a text. True if there is something to say about it.
fn copy(screen: &Screen, state: &mut State, text: &str) -> io::Result<bool> {
    let Some(mut out) = screen.out() else { return Ok(false) };
    let taken = clipboard::copy(&mut out, text)?;
    if !taken {
        update(state, Input::Host(cwtch_app::HostTold::TooLongToCopy));
    }
    Ok(!taken)
}

fn bell(screen: &Screen) -> io::Result<()> {
    screen.out().map_or(Ok(()), |mut out| out.write_all(b"\x07"))
}

/// The present time, unix seconds.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
