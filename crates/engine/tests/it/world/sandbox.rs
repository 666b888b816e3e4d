//! Sandboxes that are a table: processes with their journals, and an agent that does what its prompt says.

use super::{State, World};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use telecoder_model::PortError;
use telecoder_model::id::{ProcessId, SessionId};
use telecoder_model::port::sandbox::{
    Inbound, OutputStream, ProcessExit, ProcessOutput, ProcessSpec, ProcessState, Proof, Sandbox,
    SandboxDriver, SandboxRef, SandboxSpec, SandboxState, SandboxStatus, TreeSignal,
};

/// A sandbox from inside.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    processes: BTreeMap<ProcessId, Process>,
}

#[derive(Debug, Default)]
struct Process {
    output: Vec<u8>,
    errors: Vec<u8>,
    exit: Option<ProcessExit>,
    last_input: u64,
    left: VecDeque<String>,
}

const OK: ProcessExit = ProcessExit { code: Some(0), signal: None, out_of_memory: false };

impl Process {
    /// What of a stream comes next from an offset: standard error in small pieces, as a pipe may cut it anywhere.
    fn written(&self, stream: OutputStream, at: usize) -> Bytes {
        let (all, piece) = match stream {
            OutputStream::Stdout => (&self.output, usize::MAX),
            OutputStream::Stderr => (&self.errors, 5),
        };
        let rest = &all[at..];
        Bytes::copy_from_slice(&rest[..rest.len().min(piece)])
    }

    fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.push(b'\n');
    }

    /// Does actions until one waits.
    fn act(&mut self, tree: &mut BTreeMap<String, String>) {
        while let Some(action) = self.left.pop_front() {
            let (verb, rest) = action.split_once(' ').unwrap_or((&action, ""));
            match verb {
                "say" => self.say(&action),
                "write" => {
                    tree.insert(rest.to_owned(), rest.to_owned());
                    self.say(&action);
                }
                "ask" => return self.say(&action),
                "complain" => self.errors.extend_from_slice(format!("{rest}\n").as_bytes()),
                "hang" => return,
                "exit" => {
                    self.exit = Some(ProcessExit { code: Some(3), signal: None, out_of_memory: false });
                    return;
                }
                _ => self.say(&format!("say I do not know {verb}")),
            }
        }
        self.say("end");
    }

    fn hear(&mut self, line: &str, tree: &mut BTreeMap<String, String>) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "open" => self.say("ready"),
            "prompt" => {
                let script = rest.rsplit("\n\n").next().unwrap_or(rest);
                self.left =
                    script.split(';').map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect();
                self.act(tree);
            }
            "answer" => {
                self.say(&format!("say {rest}"));
                self.act(tree);
            }
            "cancel" => {
                self.left.clear();
                self.say("cancelled");
            }
            _ => {}
        }
    }
}

/// An attached sandbox.
#[derive(Debug)]
struct Attached {
    world: World,
    reference: SandboxRef,
}

impl State {
    fn process(&mut self, reference: &SandboxRef, id: &ProcessId) -> Result<&mut Process, PortError> {
        let inside = self
            .sandboxes
            .get_mut(&reference.to_string())
            .ok_or_else(|| PortError::not_found("no sandbox"))?;
        inside.processes.get_mut(id).ok_or_else(|| PortError::not_found("no process"))
    }
    fn tree(&mut self, session: &SessionId) -> &mut BTreeMap<String, String> {
        self.trees.entry(session.clone()).or_default()
    }
}

#[async_trait]
impl SandboxDriver for World {
    fn kind(&self) -> &'static str {
        "fake"
    }
    async fn prove(&self) -> Result<Vec<Proof>, PortError> {
        Ok(Vec::new())
    }
    async fn create(&self, reference: &SandboxRef, _: &SandboxSpec) -> Result<Arc<dyn Sandbox>, PortError> {
        let act = async {
            self.lock().sandboxes.entry(reference.to_string()).or_default();
            Ok(())
        };
        self.faults.call("driver.create", act).await?;
        Ok(Arc::new(Attached { world: self.clone(), reference: reference.clone() }))
    }
    async fn open(&self, reference: &SandboxRef) -> Result<Option<Arc<dyn Sandbox>>, PortError> {
        if !self.lock().sandboxes.contains_key(&reference.to_string()) {
            return Ok(None);
        }
        Ok(Some(Arc::new(Attached { world: self.clone(), reference: reference.clone() })))
    }
    async fn inspect(&self, reference: &SandboxRef) -> Result<SandboxState, PortError> {
        let there = self.lock().sandboxes.contains_key(&reference.to_string());
        Ok(if there { SandboxState::Running } else { SandboxState::Absent })
    }
    async fn destroy(&self, reference: &SandboxRef) -> Result<(), PortError> {
        let act = async {
            self.lock().sandboxes.remove(&reference.to_string());
            self.touch();
            Ok(())
        };
        self.faults.call("driver.destroy", act).await
    }
    async fn list(&self) -> Result<Vec<SandboxRef>, PortError> {
        Ok(self.lock().sandboxes.keys().map(|text| text.parse().unwrap()).collect())
    }
}

#[async_trait]
impl Sandbox for Attached {
    fn reference(&self) -> &SandboxRef {
        &self.reference
    }
    async fn status(&self) -> Result<SandboxStatus, PortError> {
        let state = self.world.lock();
        let inside = state
            .sandboxes
            .get(&self.reference.to_string())
            .ok_or_else(|| PortError::not_found("no sandbox"))?;
        let processes = inside.processes.iter().map(|(id, process)| ProcessState {
            id: id.clone(),
            last_input: process.last_input,
            journal_start: 0,
            journal_end: process.output.len() as u64,
            exit: process.exit.clone(),
        });
        Ok(SandboxStatus {
            incarnation: "one".to_owned(),
            processes: processes.collect(),
            memory_peak_bytes: None,
        })
    }
    async fn start(&self, spec: &ProcessSpec) -> Result<(), PortError> {
        let act = async {
            let mut state = self.world.lock();
            let listing: Vec<String> = state.tree(&self.reference.session).keys().cloned().collect();
            let inside = state.sandboxes.get_mut(&self.reference.to_string());
            let inside = inside.ok_or_else(|| PortError::not_found("no sandbox"))?;
            inside.processes.entry(spec.id.clone()).or_insert_with(|| {
                let mut process = Process::default();
                if spec.id.as_str().starts_with("export") {
                    process.say(&listing.join("\n"));
                    process.exit = Some(OK);
                }
                process
            });
            Ok(())
        };
        self.world.faults.call("sandbox.start", act).await
    }
    async fn write_line(&self, process: &ProcessId, number: u64, line: Bytes) -> Result<(), PortError> {
        let act = async {
            let mut state = self.world.lock();
            let mut tree = std::mem::take(state.tree(&self.reference.session));
            let line = String::from_utf8(line.to_vec()).unwrap();
            let mut heard = None;
            if let Ok(process) = state.process(&self.reference, process)
                && number > process.last_input
                && process.exit.is_none()
            {
                assert_eq!(number, process.last_input + 1, "an input line is missing");
                process.last_input = number;
                process.hear(&line, &mut tree);
                heard = Some(line);
            }
            state.received.extend(heard);
            *state.tree(&self.reference.session) = tree;
            drop(state);
            self.world.touch();
            Ok(())
        };
        self.world.faults.call("sandbox.write_line", act).await
    }
    async fn follow(
        &self,
        process: &ProcessId,
        stream: OutputStream,
        from: u64,
    ) -> Result<BoxStream<'static, Result<ProcessOutput, PortError>>, PortError> {
        let (world, reference, process) = (self.world.clone(), self.reference.clone(), process.clone());
        let changed = world.changed.subscribe();
        let stream = futures::stream::unfold((from, false, changed), move |(at, done, mut changed)| {
            let (world, reference, process) = (world.clone(), reference.clone(), process.clone());
            async move {
                if done {
                    return None;
                }
                loop {
                    changed.borrow_and_update();
                    let found = world
                        .lock()
                        .process(&reference, &process)
                        .map(|p| (p.written(stream, usize::try_from(at).unwrap()), p.exit.clone()));
                    let Ok((bytes, exit)) = found else {
                        return Some((Err(PortError::transient("the sandbox is gone")), (at, true, changed)));
                    };
                    let end = at + bytes.len() as u64;
                    if end > at {
                        return Some((Ok(ProcessOutput::Chunk { end, bytes }), (end, false, changed)));
                    }
                    if let Some(exit) = exit {
                        return Some((Ok(ProcessOutput::Exit(exit)), (at, true, changed)));
                    }
                    changed.changed().await.unwrap();
                }
            }
        });
        Ok(stream.boxed())
    }
    async fn acknowledge(&self, _: &ProcessId, _: OutputStream, _: u64) -> Result<(), PortError> {
        self.world.faults.call("sandbox.acknowledge", async { Ok(()) }).await
    }
    async fn signal(&self, process: &ProcessId, _: TreeSignal) -> Result<(), PortError> {
        let act = async {
            if let Ok(process) = self.world.lock().process(&self.reference, process) {
                process.exit.get_or_insert(ProcessExit { code: None, signal: Some(9), out_of_memory: false });
            }
            self.world.touch();
            Ok(())
        };
        self.world.faults.call("sandbox.signal", act).await
    }
    async fn accept(&self) -> Result<Inbound, PortError> {
        std::future::pending().await
    }
}
