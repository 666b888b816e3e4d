//! Layer 1: changes between commits of a session. Invariants: git runs in the quarantine, where no attribute, filter,
//! external diff or text conversion of anybody counts; every answer is bounded.

use crate::call::Call;
use crate::diff_parse::{Change, Section, changes, numbers, sections};
use crate::layout::ObjectFormat;
use crate::options::Git;
use async_trait::async_trait;
use bytes::Bytes;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use telecoder_model::PortError;
use telecoder_model::error::ErrorClass;
use telecoder_model::id::SessionId;
use telecoder_model::outcome::ChangedFile;
use telecoder_model::port::git::{ChangeSummary, DiffFile, Diffs};
use telecoder_model::refs::ObjectId;
use telecoder_model::session::DiffStat;

/// The most bytes of a patch (the port's bound).
const MAX_PATCH: usize = 64 << 20;
/// The most bytes of text that is cut into hunks (the port's bound).
const MAX_HUNKS: usize = 10 << 20;
/// The most bytes of a listing of changed files.
const MAX_LISTING: usize = 64 << 20;
/// The most files of a summary (the port's bound).
const MAX_FILES: usize = 10_000;
/// How many files are looked at one by one where all of them together are too large.
const MAX_SINGLE: usize = 300;

/// Two ends of a change, in a quarantine.
struct Range {
    quarantine: PathBuf,
    from: String,
    to: String,
}

impl Range {
    fn call(&self, options: &[&str]) -> Call {
        let mut call = Call::in_repository(
            &self.quarantine,
            &["diff-tree", "-r", "--no-commit-id", "-M", "--no-ext-diff", "--no-textconv", "--no-color"],
        )
        .minutes(5);
        for option in options {
            call = call.arg(option);
        }
        call.arg(&self.from).arg(&self.to).arg("--")
    }
    fn patch_call(&self, more: &[&str]) -> Call {
        let options = ["-p", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"];
        self.call(&[&options, more].concat())
    }
}

impl Git {
    async fn range(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<Range, PortError> {
        let (quarantine, _) = self.quarantine(session).await?;
        for id in from.into_iter().chain([to]) {
            self.expect_type(&quarantine, id, "commit").await?;
        }
        let from = from.map_or_else(|| ObjectFormat::of(to).empty_tree().to_owned(), ObjectId::to_string);
        Ok(Range { quarantine, from, to: to.to_string() })
    }

    /// The hunks of each change; files are looked at one by one where all of them together are too large.
    async fn hunks(&self, range: &Range, changes: &[Change]) -> Result<Vec<Option<Section>>, PortError> {
        let what = "cannot read a change";
        match self.run_ok(range.patch_call(&[]).at_most(MAX_HUNKS), what).await {
            Ok(patch) => {
                let mut found = sections(&patch).into_iter();
                return Ok(changes.iter().map(|change| change.take(&mut found)).collect());
            }
            Err(error) if error.class == ErrorClass::Full => {}
            Err(error) => return Err(error),
        }
        let mut room = MAX_HUNKS;
        let mut all = Vec::with_capacity(changes.len());
        for change in changes {
            if room == 0 || all.len() >= MAX_SINGLE {
                all.push(None);
                continue;
            }
            let mut call = range.patch_call(&[]).env("GIT_LITERAL_PATHSPECS", "1").at_most(room);
            for path in change.old_path.iter().chain([&change.path]) {
                call = call.arg(OsStr::from_bytes(path));
            }
            match self.run_ok(call, what).await {
                Ok(patch) => {
                    room = room.saturating_sub(patch.len());
                    all.push(change.take(&mut sections(&patch).into_iter()));
                }
                Err(error) if error.class == ErrorClass::Full => all.push(None),
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[async_trait]
impl Diffs for Git {
    async fn summary(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<ChangeSummary, PortError> {
        let range = self.range(session, from, to).await?;
        let output = self
            .run_ok(range.call(&["--numstat", "-z"]).at_most(MAX_LISTING), "cannot sum up a change")
            .await?;
        let mut stat = DiffStat::default();
        let mut files = Vec::new();
        for (path, numbers) in numbers(&output) {
            let (additions, deletions) = numbers.unwrap_or((0, 0));
            stat.files += 1;
            stat.additions = stat.additions.saturating_add(additions);
            stat.deletions = stat.deletions.saturating_add(deletions);
            files.push(ChangedFile { path: shown(path), additions, deletions });
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.truncate(MAX_FILES);
        Ok(ChangeSummary { stat, files })
    }

    async fn patch(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<Bytes, PortError> {
        let range = self.range(session, from, to).await?;
        let call = range.patch_call(&["--binary"]);
        self.run_ok(call.at_most(MAX_PATCH), "cannot write the patch").await.map_err(|error| {
            match error.class {
                ErrorClass::Full => PortError::full("the patch is larger than 64 MiB")
                    .remedy("Fetch the session's branch with git instead."),
                ErrorClass::Transient
                | ErrorClass::Permanent
                | ErrorClass::NotFound
                | ErrorClass::Conflict
                | ErrorClass::Denied => error,
            }
        })
    }

    async fn files(
        &self,
        session: &SessionId,
        from: Option<&ObjectId>,
        to: &ObjectId,
    ) -> Result<Vec<DiffFile>, PortError> {
        let range = self.range(session, from, to).await?;
        let output = self
            .run_ok(
                range.call(&["--raw", "--no-abbrev", "--numstat", "-z"]).at_most(MAX_LISTING),
                "cannot list a change",
            )
            .await?;
        let mut changes = changes(&output);
        changes.truncate(MAX_FILES);
        let hunks = self.hunks(&range, &changes).await?;
        Ok(changes
            .into_iter()
            .zip(hunks)
            .map(|(change, section)| DiffFile {
                path: shown(&change.path),
                old_path: change.old_path.as_deref().map(shown),
                change: change.kind,
                binary: change.numbers.is_none(),
                additions: change.numbers.map_or(0, |(additions, _)| additions),
                deletions: change.numbers.map_or(0, |(_, deletions)| deletions),
                hunks: section.map(|section| section.hunks).unwrap_or_default(),
            })
            .collect())
    }
}
