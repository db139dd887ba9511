//! Column lists: what is accepted, what is refused and how, and what holds for all of them.

mod accepted;
mod properties;
mod refused;

use kadence_kcql::{Argument, ColumnList, Expr, Name, Path, Span};

const NOWHERE: Span = Span { start: 0, end: 0 };

/// The same tree with all spans alike.
fn without_spans(mut list: ColumnList) -> ColumnList {
    for column in &mut list.columns {
        column.span = NOWHERE;
        column.alias.iter_mut().for_each(forget_name);
        match &mut column.expr {
            Expr::All => {}
            Expr::Path(path) => forget_path(path),
            Expr::Number { span, .. } => *span = NOWHERE,
            Expr::Call { function, arguments } => {
                forget_name(function);
                arguments.iter_mut().for_each(forget_argument);
            }
        }
    }
    list.ignored.iter_mut().for_each(forget_path);
    list
}

fn forget_argument(argument: &mut Argument) {
    match argument {
        Argument::Text { span, .. } | Argument::Number { span, .. } => *span = NOWHERE,
        Argument::Path(path) => forget_path(path),
    }
}

fn forget_path(path: &mut Path) {
    path.names.iter_mut().for_each(forget_name);
}

fn forget_name(name: &mut Name) {
    name.span = NOWHERE;
}
