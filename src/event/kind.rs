use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// What sort of event this is: an action, an observation, a V1 kind, or none that we know.
///
/// Mirrors the server's classes under `openhands.events`; an event that the server could not load
/// keeps its raw type name here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    family: Family,
    name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Family {
    Action,
    Observation,
    /// A V1 class name.
    Kind,
    /// None of the keys that would say.
    Event,
}

#[derive(Clone, Debug)]
enum Name {
    /// The name on the wire and the class.
    Known(&'static (&'static str, &'static str)),
    Other(Box<str>),
    /// The JSON value in place of a name was no string: its text, or what it was.
    NotText(Box<str>),
}

impl Name {
    fn parts(&self) -> (bool, &str) {
        match self {
            Self::Known((name, _)) => (true, name),
            Self::Other(name) => (true, name),
            Self::NotText(text) => (false, text),
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

static ACTIONS: [(&str, &str); 21] = [
    ("null", "NullAction"),
    ("run", "CmdRunAction"),
    ("run_ipython", "IPythonRunCellAction"),
    ("browse", "BrowseURLAction"),
    ("browse_interactive", "BrowseInteractiveAction"),
    ("read", "FileReadAction"),
    ("write", "FileWriteAction"),
    ("edit", "FileEditAction"),
    ("think", "AgentThinkAction"),
    ("finish", "AgentFinishAction"),
    ("reject", "AgentRejectAction"),
    ("delegate", "AgentDelegateAction"),
    ("recall", "RecallAction"),
    ("change_agent_state", "ChangeAgentStateAction"),
    ("message", "MessageAction"),
    ("system", "SystemMessageAction"),
    ("condensation", "CondensationAction"),
    ("condensation_request", "CondensationRequestAction"),
    ("call_tool_mcp", "MCPAction"),
    ("task_tracking", "TaskTrackingAction"),
    ("loop_recovery", "LoopRecoveryAction"),
];

static OBSERVATIONS: [(&str, &str); 19] = [
    ("null", "NullObservation"),
    ("run", "CmdOutputObservation"),
    ("run_ipython", "IPythonRunCellObservation"),
    ("browse", "BrowserOutputObservation"),
    ("read", "FileReadObservation"),
    ("write", "FileWriteObservation"),
    ("edit", "FileEditObservation"),
    ("delegate", "AgentDelegateObservation"),
    ("success", "SuccessObservation"),
    ("error", "ErrorObservation"),
    ("agent_state_changed", "AgentStateChangedObservation"),
    ("user_rejected", "UserRejectObservation"),
    ("condense", "AgentCondensationObservation"),
    ("think", "AgentThinkObservation"),
    ("recall", "RecallObservation"),
    ("mcp", "MCPObservation"),
    ("download", "FileDownloadObservation"),
    ("task_tracking", "TaskTrackingObservation"),
    ("loop_detection", "LoopDetectionObservation"),
];

impl Family {
    fn key(self) -> &'static str {
        match self {
            Self::Action => "action",
            Self::Observation => "observation",
            Self::Kind => "kind",
            Self::Event => "event",
        }
    }

    fn class(self) -> Option<&'static str> {
        match self {
            Self::Action => Some("Action"),
            Self::Observation => Some("Observation"),
            Self::Kind | Self::Event => None,
        }
    }

    fn named(self, name: &str) -> Kind {
        let known: &'static [(&str, &str)] = match self {
            Self::Action => &ACTIONS,
            Self::Observation => &OBSERVATIONS,
            Self::Kind | Self::Event => &[],
        };
        let name = match known.iter().find(|(known, _)| *known == name) {
            Some(known) => Name::Known(known),
            None => Name::Other(name.into()),
        };
        Kind { family: self, name }
    }

    fn not_text(self, text: &str) -> Kind {
        Kind {
            family: self,
            name: Name::NotText(text.into()),
        }
    }
}

impl Kind {
    /// The action with this name on the wire, such as `run`.
    #[must_use]
    pub fn action(name: &str) -> Self {
        Family::Action.named(name)
    }

    /// The observation with this name on the wire, such as `run`.
    #[must_use]
    pub fn observation(name: &str) -> Self {
        Family::Observation.named(name)
    }

    /// The V1 event class with this name, such as `MessageEvent`.
    #[must_use]
    pub fn v1(class: &str) -> Self {
        Family::Kind.named(class)
    }

    /// An object that has neither `action` nor `observation` nor a V1 `kind`.
    #[must_use]
    pub fn untyped() -> Self {
        Family::Event.named("event")
    }

    pub(crate) fn action_not_text(json: &str) -> Self {
        Family::Action.not_text(json)
    }

    pub(crate) fn observation_not_text(json: &str) -> Self {
        Family::Observation.not_text(json)
    }

    /// Reads what [`token`](Self::token) wrote; any other text gives [`untyped`](Self::untyped).
    #[must_use]
    pub fn from_token(token: &str) -> Self {
        for family in [Family::Action, Family::Observation, Family::Kind] {
            match token
                .strip_prefix(family.key())
                .map(|rest| rest.split_at_checked(1))
            {
                Some(Some((":", name))) => return family.named(name),
                Some(Some(("=", text))) => return family.not_text(text),
                _ => {}
            }
        }
        Self::untyped()
    }

    /// A stable key for storage: `action:run`, `observation:run`, `kind:MessageEvent`, `event`;
    /// `action=5` where the name on the wire was no string.
    #[must_use]
    pub fn token(&self) -> Cow<'static, str> {
        if self.family == Family::Event {
            return Cow::Borrowed(Family::Event.key());
        }
        let (is_text, name) = self.name.parts();
        let separator = if is_text { ':' } else { '=' };
        Cow::Owned(format!("{}{separator}{name}", self.family.key()))
    }

    /// The server's class, such as `CmdRunAction`; of an unknown type its raw name, of an object
    /// without a type `Event`.
    #[must_use]
    pub fn class_name(&self) -> &str {
        match (&self.name, self.family) {
            (_, Family::Event) => "Event",
            (Name::Known((_, class)), _) => class,
            (Name::Other(name) | Name::NotText(name), _) => name,
        }
    }

    /// Python's `isinstance` by class name: the own class, `Action` or `Observation`, `Event`.
    #[must_use]
    pub fn is_a(&self, class: &str) -> bool {
        class == "Event" || self.family.class() == Some(class) || class == self.class_name()
    }

    /// The name on the wire, where this is an action that has one.
    #[must_use]
    pub fn action_name(&self) -> Option<&str> {
        self.name_in(Family::Action)
    }

    /// The name on the wire, where this is an observation that has one.
    #[must_use]
    pub fn observation_name(&self) -> Option<&str> {
        self.name_in(Family::Observation)
    }

    /// The class name of a V1 event.
    #[must_use]
    pub fn v1_name(&self) -> Option<&str> {
        self.name_in(Family::Kind)
    }

    pub(crate) fn is_v0(&self) -> bool {
        matches!(self.family, Family::Action | Family::Observation)
    }

    fn name_in(&self, family: Family) -> Option<&str> {
        match self.name.parts() {
            (true, name) if self.family == family => Some(name),
            _ => None,
        }
    }
}
