//! The report as one HTML page that needs nothing but itself.

use jiff::Timestamp;
use minijinja::{Environment, UndefinedBehavior, context};

use super::view;
use crate::model::RunSummary;

const PAGE: &str = include_str!("templates/page.html");
const REPOSITORY: &str = include_str!("templates/repository.html");
const STYLE: &str = include_str!("templates/page.css");
const SCRIPT: &str = include_str!("templates/page.js");

/// The whole page: readable without a network and without scripts, which only filter and sort.
pub fn html(summary: &RunSummary, now: Timestamp) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    for (name, source) in [("page.html", PAGE), ("repository.html", REPOSITORY)] {
        environment.add_template(name, source).expect("the templates are constant, and tests parse them");
    }
    let page = environment.get_template("page.html").expect("it was just added");
    let values = context! { style => STYLE, script => SCRIPT, ..view::page(summary, now) };
    page.render(values).expect("the templates only print, test and loop over values, which cannot fail")
}
