//! Where a session stands (layer 0), and the one table of its state changes.

use serde::{Deserialize, Serialize};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for a worker.
    Pending,
    /// Its workspace and sandbox are being made.
    Preparing,
    /// Its agent works.
    Running,
    /// A person must answer.
    Waiting,
    /// A chat between two turns.
    Idle,
    /// A chat whose sandbox was put away.
    Hibernated,
    /// Its work is done.
    Complete,
    /// Its work failed; see the failure kind.
    Error,
    /// A person stopped it.
    Stopped,
}

/// What moves a session from one status to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Move {
    /// A worker claimed it.
    Claim,
    /// Workspace, sandbox and agent are there.
    Begin,
    /// A person must answer.
    Ask,
    /// A person answered.
    Answer,
    /// A chat's turn ended.
    Rest,
    /// A chat's sandbox is put away.
    Hibernate,
    /// The work is done.
    Complete,
    /// The work failed.
    Fail,
    /// A person stopped it.
    Stop,
    /// A person wrote to a session that had ended or rests.
    Message,
    /// A server hands it over to another.
    Handover,
    /// A person published the change that could not be published.
    Publish,
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Preparing,
        Self::Running,
        Self::Waiting,
        Self::Idle,
        Self::Hibernated,
        Self::Complete,
        Self::Error,
        Self::Stopped,
    ];

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Idle => "idle",
            Self::Hibernated => "hibernated",
            Self::Complete => "complete",
            Self::Error => "error",
            Self::Stopped => "stopped",
        }
    }

    /// Whether the session's work has ended (its log may still grow).
    pub fn has_ended(self) -> bool {
        match self {
            Self::Complete | Self::Error | Self::Stopped => true,
            Self::Pending
            | Self::Preparing
            | Self::Running
            | Self::Waiting
            | Self::Idle
            | Self::Hibernated => false,
        }
    }

    /// The status after a move; `None` if the move is not possible from here. This is the only such table.
    pub fn after(self, step: Move) -> Option<Self> {
        use Status::{Complete, Error, Hibernated, Idle, Pending, Preparing, Running, Stopped, Waiting};
        match (self, step) {
            (Pending, Move::Claim) => Some(Preparing),
            (Preparing, Move::Begin) | (Waiting, Move::Answer) => Some(Running),
            (Running, Move::Ask) => Some(Waiting),
            (Running, Move::Rest) => Some(Idle),
            (Idle, Move::Hibernate) => Some(Hibernated),
            (Running | Waiting, Move::Complete) | (Error, Move::Publish) => Some(Complete),
            (Pending | Preparing | Running | Waiting | Idle | Hibernated, Move::Fail) => Some(Error),
            (Pending | Preparing | Running | Waiting | Idle | Hibernated, Move::Stop) => Some(Stopped),
            (Idle | Hibernated | Complete | Error | Stopped, Move::Message)
            | (Preparing | Running | Waiting, Move::Handover) => Some(Pending),
            _ => None,
        }
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(|s| s.as_str()).collect();
            format!("`{text}` is not a status: {}", all.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [Move; 12] = [
        Move::Claim,
        Move::Begin,
        Move::Ask,
        Move::Answer,
        Move::Rest,
        Move::Hibernate,
        Move::Complete,
        Move::Fail,
        Move::Stop,
        Move::Message,
        Move::Handover,
        Move::Publish,
    ];

    #[test]
    fn every_transition_is_listed() {
        let mut table = String::new();
        for from in Status::ALL {
            let to: Vec<String> =
                MOVES.iter().filter_map(|m| from.after(*m).map(|to| format!("{m:?}→{to}"))).collect();
            table.push_str(&format!("{from}: {}\n", to.join(" ")));
        }
        expect_test::expect![[r#"
            pending: Claim→preparing Fail→error Stop→stopped
            preparing: Begin→running Fail→error Stop→stopped Handover→pending
            running: Ask→waiting Rest→idle Complete→complete Fail→error Stop→stopped Handover→pending
            waiting: Answer→running Complete→complete Fail→error Stop→stopped Handover→pending
            idle: Hibernate→hibernated Fail→error Stop→stopped Message→pending
            hibernated: Fail→error Stop→stopped Message→pending
            complete: Message→pending
            error: Message→pending Publish→complete
            stopped: Message→pending
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse::<Status>().unwrap(), status);
        }
        assert!("done".parse::<Status>().is_err());
    }
}
