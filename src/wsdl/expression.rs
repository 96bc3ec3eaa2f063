use std::rc::Rc;

use super::error::{Error, ErrorKind};
use super::names::{is_policy, is_policy_element, policy_flag};
use super::service::Wsdl;
use crate::xml::Element;

/// How many alternatives are looked at, and how many assertions in all of them.
const ALTERNATIVES: usize = 64;
const ASSERTIONS: usize = 10_000;

/// How many operators and assertions are gone through, those behind references each time, and how many references are followed.
const STEPS: usize = 10_000;
const REFERENCES: usize = 1000;

/// An assertion of an alternative, with one alternative of the policy nested in it.
#[derive(Debug)]
pub(super) struct Assertion<'d> {
    /// The assertion.
    pub(super) element: Element<'d>,
    /// The assertions nested in it.
    pub(super) nested: Alternative<'d>,
}

/// Assertions that hold together.
pub(super) type Alternative<'d> = Vec<Rc<Assertion<'d>>>;

/// The alternatives of all `policies` together (WS-Policy 1.5 Framework §4.1, §4.3).
///
/// # Errors
/// [`Error`]: a reference that leads nowhere or in a circle, an operator that there is not, or too much of anything.
pub(super) fn alternatives<'d>(
    wsdl: &'d Wsdl,
    policies: Vec<Element<'d>>,
) -> Result<Vec<Alternative<'d>>, Error> {
    let mut frames = vec![Frame::new(Operator::All, None, policies)];
    let (mut steps, mut references) = (0_usize, 0_usize);
    while let Some(mut frame) = frames.pop() {
        let Some(child) = frame.children.pop() else {
            let result = frame.close()?;
            match frames.last_mut() {
                Some(around) => around.take(result)?,
                None => return Ok(result),
            }
            continue;
        };
        steps = steps.saturating_add(1);
        if is_policy_element(child, "PolicyReference") {
            references = references.saturating_add(1);
        }
        if steps > STEPS || references > REFERENCES {
            return Err(Error::new(ErrorKind::TooManyAlternatives, wsdl.place(child)));
        }
        let operator = if is_policy(child.namespace()) {
            match child.local_name() {
                "Policy" | "All" | "PolicyReference" => Operator::All,
                "ExactlyOne" => Operator::ExactlyOne,
                other => {
                    let kind = ErrorKind::UnknownOperator(other.to_owned());
                    return Err(Error::new(kind, wsdl.place(child)));
                }
            }
        } else {
            Operator::Assertion
        };
        let (element, children) = if is_policy_element(child, "PolicyReference") {
            let target = wsdl.policy_referred_to(child)?;
            let around = frames.iter().chain([&frame]);
            if around
                .filter_map(|frame| frame.element)
                .any(|open| open == target)
            {
                let uri = child.attribute("URI").unwrap_or_default().into_owned();
                return Err(Error::new(ErrorKind::CircularPolicy(uri), wsdl.place(child)));
            }
            (target, target.children().collect())
        } else if operator == Operator::Assertion {
            let nested = child
                .children()
                .filter(|inside| is_policy_element(*inside, "Policy"));
            (child, nested.collect())
        } else {
            (child, child.children().collect())
        };
        frames.push(frame);
        frames.push(Frame::new(operator, Some(element), children));
    }
    Ok(Vec::new())
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Operator {
    All,
    ExactlyOne,
    Assertion,
}

/// An operator or assertion whose children are being gone through.
struct Frame<'d> {
    operator: Operator,
    element: Option<Element<'d>>,
    /// Those that are left, the next one last.
    children: Vec<Element<'d>>,
    gathered: Vec<Alternative<'d>>,
}

impl<'d> Frame<'d> {
    fn new(operator: Operator, element: Option<Element<'d>>, mut children: Vec<Element<'d>>) -> Self {
        children.reverse();
        let gathered = match operator {
            Operator::ExactlyOne => Vec::new(),
            Operator::All | Operator::Assertion => vec![Vec::new()],
        };
        Self {
            operator,
            element,
            children,
            gathered,
        }
    }

    /// Adds the alternatives of a child.
    fn take(&mut self, alternatives: Vec<Alternative<'d>>) -> Result<(), Error> {
        match self.operator {
            Operator::ExactlyOne => self.gathered.extend(alternatives),
            Operator::All | Operator::Assertion => {
                let count = self.gathered.len().saturating_mul(alternatives.len());
                let assertions = assertions(&self.gathered)
                    .saturating_mul(alternatives.len())
                    .saturating_add(assertions(&alternatives).saturating_mul(self.gathered.len()));
                check(count, assertions)?;
                let joined = |one: &Alternative<'d>| {
                    let one = one.clone();
                    alternatives
                        .iter()
                        .map(move |other| [one.clone(), other.clone()].concat())
                };
                self.gathered = self.gathered.iter().flat_map(joined).collect();
            }
        }
        check(self.gathered.len(), assertions(&self.gathered))
    }

    /// The alternatives that it comes to.
    fn close(self) -> Result<Vec<Alternative<'d>>, Error> {
        let (Operator::Assertion, Some(element)) = (self.operator, self.element) else {
            return Ok(self.gathered);
        };
        let with = |nested| vec![Rc::new(Assertion { element, nested })];
        let mut alternatives: Vec<Alternative<'d>> = self.gathered.into_iter().map(with).collect();
        if policy_flag(element, "Optional") {
            alternatives.push(Vec::new());
        }
        check(alternatives.len(), assertions(&alternatives))?;
        Ok(alternatives)
    }
}

fn assertions(alternatives: &[Alternative<'_>]) -> usize {
    alternatives.iter().map(Vec::len).sum()
}

fn check(alternatives: usize, assertions: usize) -> Result<(), Error> {
    if alternatives > ALTERNATIVES || assertions > ASSERTIONS {
        return Err(Error::nowhere(ErrorKind::TooManyAlternatives));
    }
    Ok(())
}
