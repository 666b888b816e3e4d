//! `doctor`: by the server where one answers, else by this program itself.

use super::Context;
use crate::arguments::DoctorArguments;
use crate::exit::{Failure, Outcome};
use crate::terminal::{GREEN, Output, RED, YELLOW, styled};
use crate::words::clean;
use std::process::ExitCode;
use telecoder::{Config, Given};
use telecoder_api::doctor::{Finding, FindingState};

/// Looks at everything and says what to do about what does not work; exit 1 if something failed.
pub(crate) async fn doctor(context: &Context, options: &DoctorArguments) -> Outcome {
    let findings = findings(context, options).await?;
    let failed = findings.iter().any(|finding| finding.state == FindingState::Failed);
    if context.terminal.telling() == Output::Json {
        context.terminal.json(&findings)?;
    } else {
        for finding in &findings {
            let mark = match finding.state {
                FindingState::Ok => styled(GREEN, "ok     "),
                FindingState::Warning => styled(YELLOW, "warning"),
                FindingState::Failed => styled(RED, "failed "),
            };
            context.terminal.line(&format!(
                "{mark}  {}: {}",
                clean(&finding.subject),
                clean(&finding.detail)
            ))?;
            if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.state != FindingState::Ok) {
                context.terminal.line(&format!("         → {}", clean(remedy)))?;
            }
        }
    }
    Ok(if failed { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

async fn findings(context: &Context, options: &DoctorArguments) -> Result<Vec<Finding>, Failure> {
    if options.data.data_dir.is_none()
        && let Some(client) = context.place()?.reachable().await?
    {
        return Ok(client.doctor(options.prove).await?);
    }
    let data_dir = options.data.data_dir.as_ref().map(|dir| dir.display().to_string());
    let config = Config::read(&Given::from_process().flag("data_dir", data_dir))?;
    Ok(telecoder::doctor(config, options.prove).await?)
}
