//! How agents are started (dev layer): what a launch may hold.

use super::{AgentWorld, request, unknown};
use std::collections::BTreeSet;
use std::path::{Component, Path};
use std::sync::Arc;
use telecoder_model::policy::Policy;
use telecoder_model::port::agent::{Launch, LaunchRequest};
use telecoder_model::port::gateway::Provider;
use telecoder_model::port::sandbox::{HOME_DIR, WORKSPACE_DIR};

/// The longest file of a home, in bytes.
const LONGEST_FILE: usize = 1 << 20;
/// What a sandbox sets itself, and no agent changes.
const SET_BY_THE_SANDBOX: [&str; 2] = ["HOME", "PATH"];
/// Programs of the system in every sandbox.
const SYSTEM: [&str; 4] = ["/usr", "/bin", "/sbin", "/opt"];
/// Where nothing may be bound: what every sandbox has of its own.
const TAKEN: [&str; 6] = [WORKSPACE_DIR, HOME_DIR, "/proc", "/dev", "/tmp", "/run"];

/// The launches of the agent that can be started, under each policy.
async fn launches(world: &dyn AgentWorld) -> Vec<Launch> {
    let mut launches = Vec::new();
    for policy in [Policy::locked(), Policy::observe(), Policy::standard()] {
        let request = LaunchRequest { policy, ..world.request() };
        launches.push(world.runtime().launch(&request).await.unwrap());
    }
    launches
}

fn plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_) | Component::RootDir))
}

fn fits(launch: &Launch) {
    let program = Path::new(launch.argv.first().unwrap());
    if program.components().count() > 1 {
        assert!(program.is_absolute() && plain(program), "{program:?}");
        let mut shown = launch.read_only.iter().map(|bind| bind.inside.as_path());
        let system = SYSTEM.iter().any(|folder| program.starts_with(folder));
        assert!(system || shown.any(|inside| program.starts_with(inside)), "nobody shows {program:?}");
    }
    assert!(!launch.argv[0].is_empty() && launch.argv.iter().all(|word| !word.contains('\0')));
    for (name, value) in &launch.env {
        assert!(!name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0'), "{name:?}");
        assert!(!SET_BY_THE_SANDBOX.contains(&name.as_str()), "{name} is the sandbox's own");
    }
    let mut places = BTreeSet::new();
    for bind in &launch.read_only {
        assert!(bind.host.is_absolute() && bind.host.exists(), "{bind:?}");
        assert!(bind.inside.is_absolute() && plain(&bind.inside), "{bind:?}");
        assert!(places.insert(&bind.inside), "{:?} is bound twice", bind.inside);
        for taken in TAKEN {
            assert!(
                !bind.inside.starts_with(taken) && !Path::new(taken).starts_with(&bind.inside),
                "{bind:?}"
            );
        }
        assert!(bind.hidden.iter().all(|path| path.is_relative() && plain(path)), "{bind:?}");
    }
    let mut files = BTreeSet::new();
    for file in &launch.home {
        assert!(file.path.is_relative() && plain(&file.path), "{:?}", file.path);
        assert!(file.path.file_name().is_some() && file.bytes.len() <= LONGEST_FILE, "{:?}", file.path);
        assert!(files.insert(&file.path), "{:?} is written twice", file.path);
    }
}

/// An absolute program that something shows, or a plain name; places that are free; relative files of the home.
pub async fn a_launch_fits_into_a_sandbox(world: Arc<dyn AgentWorld>) {
    for launch in launches(&*world).await {
        fits(&launch);
        assert!(launch.providers.iter().all(|provider| world.request().providers.contains(provider)));
        world.runtime().conversation(&launch.conversation).unwrap();
    }
}

/// Nothing in it is drawn at random or told by a clock.
pub async fn a_launch_is_the_same_each_time(world: Arc<dyn AgentWorld>) {
    assert_eq!(launches(&*world).await, launches(&*world).await);
}

/// Nor does a status, an error, or what is written to a log.
pub async fn a_launch_holds_no_secret(world: Arc<dyn AgentWorld>) {
    let runtime = world.runtime();
    let mut said = format!("{runtime:?} {:?}", runtime.list().await);
    said += &format!("{:?}", runtime.launch(&request(&unknown())).await);
    for launch in launches(&*world).await {
        said += &format!("{launch:?}");
        for file in &launch.home {
            said += &String::from_utf8_lossy(&file.bytes);
        }
    }
    let secrets = world.secrets();
    assert!(!secrets.is_empty(), "there is nothing to look for");
    for secret in secrets {
        assert!(!said.contains(&secret), "a secret is told");
    }
}

/// Without any, it needs none or says which key it wants.
pub async fn only_providers_with_a_key_are_used(world: Arc<dyn AgentWorld>) {
    let mut wishes = vec![Vec::new(), Provider::ALL.to_vec()];
    wishes.extend(Provider::ALL.map(|provider| vec![provider]));
    for providers in wishes {
        let request = LaunchRequest { providers: providers.clone(), ..world.request() };
        match world.runtime().launch(&request).await {
            Ok(launch) => {
                assert!(launch.providers.iter().all(|used| providers.contains(used)), "{providers:?}");
                fits(&launch);
            }
            Err(error) => assert!(error.remedy.is_some(), "{providers:?}: {error:?}"),
        }
    }
}

/// It is refused, or stands where no program takes it for one.
pub async fn the_name_of_a_model_is_never_an_option(world: Arc<dyn AgentWorld>) {
    for model in ["--dangerous", "-c", "a\nb", "a b", "a\0b", ""] {
        let request = LaunchRequest { model: Some(model.to_owned()), ..world.request() };
        if let Ok(launch) = world.runtime().launch(&request).await {
            fits(&launch);
            assert!(!launch.argv.iter().any(|word| word == model), "{:?}", launch.argv);
        }
    }
}
