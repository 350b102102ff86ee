//! How a twin is made from a value of the model and turned back: one trait, and a macro for types with the same fields.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use semver::Version;

use crate::model::{
    BranchName, CommitId, CrateName, PullRequestNumber, RepoName, RepoPath, RunId, RustVersion, TreeId, UnitId,
};

/// The form of `M` outside the program.
pub(super) trait Twin<M>: Sized {
    /// The form of `model`.
    fn write(model: &M) -> Self;

    /// The value that this is the form of.
    fn read(self) -> Result<M, FieldError>;
}

/// A field whose value has the right JSON type and the wrong content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldError {
    /// The way to the field, the innermost step first.
    steps: Vec<Step>,
    /// What is wrong with it.
    pub(super) message: String,
}

/// One step into a JSON document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A member of an object.
    Key(String),
    /// An element of an array.
    Index(usize),
}

impl FieldError {
    /// An error in the value that is being read.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { steps: Vec::new(), message: message.into() }
    }

    /// The same, seen from the object that holds the value as `key`.
    pub(super) fn under(mut self, key: &str) -> Self {
        self.steps.push(Step::Key(key.to_owned()));
        self
    }

    /// The same, seen from the array that holds the value at `index`.
    pub(super) fn at(mut self, index: usize) -> Self {
        self.steps.push(Step::Index(index));
        self
    }

    /// The way to the field, the outermost step first.
    pub(super) fn path(&self) -> Vec<Step> {
        self.steps.iter().rev().cloned().collect()
    }
}

/// Implements [`Twin`] for a struct or an enum that has the fields of its model.
///
/// A field or variant that one side has and the other has not does not compile. A tuple variant of the model has a
/// twin whose fields are named: `Merged(commit)`.
macro_rules! twin {
    (struct $wire:ident = $model:ty { $($field:ident),* $(,)? }) => {
        impl Twin<$model> for $wire {
            fn write(model: &$model) -> Self {
                type Model = $model;
                let Model { $($field),* } = model;
                Self { $($field: Twin::write($field)),* }
            }

            fn read(self) -> Result<$model, FieldError> {
                type Model = $model;
                Ok(Model { $($field: self.$field.read().map_err(|error| error.under(json_key!($field)))?),* })
            }
        }
    };
    (enum $wire:ident = $model:ty {
        $($variant:ident $({ $($field:ident),* $(,)? })? $(( $($part:ident),* ))?),* $(,)?
    }) => {
        impl Twin<$model> for $wire {
            fn write(model: &$model) -> Self {
                type Model = $model;
                match model {
                    $(Model::$variant $({ $($field),* })? $(( $($part),* ))? => Self::$variant
                        $({ $($field: Twin::write($field)),* })?
                        $({ $($part: Twin::write($part)),* })?,)*
                }
            }

            fn read(self) -> Result<$model, FieldError> {
                type Model = $model;
                Ok(match self {
                    $(Self::$variant $({ $($field),* })? $({ $($part),* })? => Model::$variant
                        $({ $($field: $field.read().map_err(|error| error.under(json_key!($field)))?),* })?
                        $(( $($part.read().map_err(|error| error.under(json_key!($part)))?),* ))?,)*
                })
            }
        }
    };
}

/// The JSON key of a field.
macro_rules! json_key {
    (krate) => {
        "crate"
    };
    (took) => {
        "took_seconds"
    };
    (timed_out) => {
        "timed_out_seconds"
    };
    ($field:ident) => {
        stringify!($field)
    };
}

pub(super) use {json_key, twin};

/// A value whose form is one string.
trait Text: Sized {
    fn to_text(&self) -> String;
    fn from_text(text: String) -> Result<Self, String>;
}

impl<T: Text> Twin<T> for String {
    fn write(model: &T) -> Self {
        model.to_text()
    }

    fn read(self) -> Result<T, FieldError> {
        T::from_text(self).map_err(FieldError::new)
    }
}

macro_rules! text {
    ($($type:ty: $read:expr),* $(,)?) => {
        $(impl Text for $type {
            fn to_text(&self) -> String {
                self.to_string()
            }

            fn from_text(text: String) -> Result<Self, String> {
                let read: fn(String) -> Result<Self, String> = $read;
                read(text)
            }
        })*
    };
}

text! {
    String: Ok,
    CrateName: |text| CrateName::new(text).map_err(|error| error.to_string()),
    RepoName: |text| RepoName::new(text).map_err(|error| error.to_string()),
    BranchName: |text| BranchName::new(text).map_err(|error| error.to_string()),
    CommitId: |text| CommitId::new(text).map_err(|error| error.to_string()),
    TreeId: |text| TreeId::new(text).map_err(|error| error.to_string()),
    RunId: |text| RunId::new(text).map_err(|error| error.to_string()),
    RepoPath: |text| RepoPath::new(text).map_err(|error| error.to_string()),
    RustVersion: |text| RustVersion::parse(&text).map_err(|error| error.to_string()),
    Version: |text| Version::parse(&text).map_err(|error| format!("{text:?} is not a version: {error}")),
    Timestamp: |text| text.parse().map_err(|error| format!("{text:?} is not a time like 2026-01-31T09:00:00Z: {error}")),
    Date: |text| text.parse().map_err(|error| format!("{text:?} is not a date like 2026-01-31: {error}")),
}

/// Types that are their own form.
macro_rules! itself {
    ($($type:ty),*) => {
        $(impl Twin<$type> for $type {
            fn write(model: &$type) -> Self {
                *model
            }

            fn read(self) -> Result<$type, FieldError> {
                Ok(self)
            }
        })*
    };
}

itself!(bool, usize);

/// Seconds; exact to the nanosecond below 50 days.
impl Twin<Duration> for f64 {
    fn write(model: &Duration) -> Self {
        model.as_secs_f64()
    }

    fn read(self) -> Result<Duration, FieldError> {
        Duration::try_from_secs_f64(self).map_err(|error| FieldError::new(format!("{self} seconds: {error}")))
    }
}

impl Twin<PullRequestNumber> for u64 {
    fn write(model: &PullRequestNumber) -> Self {
        model.0
    }

    fn read(self) -> Result<PullRequestNumber, FieldError> {
        Ok(PullRequestNumber(self))
    }
}

impl Twin<UnitId> for usize {
    fn write(model: &UnitId) -> Self {
        model.0
    }

    fn read(self) -> Result<UnitId, FieldError> {
        Ok(UnitId(self))
    }
}

impl<M, W: Twin<M>> Twin<Vec<M>> for Vec<W> {
    fn write(model: &Vec<M>) -> Self {
        model.iter().map(W::write).collect()
    }

    fn read(self) -> Result<Vec<M>, FieldError> {
        self.into_iter().enumerate().map(|(index, item)| item.read().map_err(|error| error.at(index))).collect()
    }
}

impl<M, W: Twin<M>> Twin<Option<M>> for Option<W> {
    fn write(model: &Option<M>) -> Self {
        model.as_ref().map(W::write)
    }

    fn read(self) -> Result<Option<M>, FieldError> {
        self.map(W::read).transpose()
    }
}

impl<M, W: Twin<M>> Twin<Box<M>> for Box<W> {
    fn write(model: &Box<M>) -> Self {
        Self::new(W::write(model))
    }

    fn read(self) -> Result<Box<M>, FieldError> {
        (*self).read().map(Box::new)
    }
}
