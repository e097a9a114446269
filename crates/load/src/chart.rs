//! Charts of a report, as SVG that can be read on light and on dark ground.

use std::fmt::Write as _;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::bench::BenchError;
use crate::plan::Server;
use crate::report::{CaseReport, Report, Row};

/// Writes the charts for which there are enough numbers, and says which.
pub fn draw(report: &Report, folder: &Path) -> Result<Vec<&'static str>, BenchError> {
    let failed = |error: &dyn std::error::Error| BenchError::Chart(error.to_string());
    let mut drawn = Vec::new();
    let groups: Vec<_> = BARS
        .iter()
        .filter_map(|(name, title)| Some((*title, find(report, name)?)))
        .collect();
    if !groups.is_empty() {
        bars(&folder.join(THROUGHPUT), &groups).map_err(|error| failed(&error))?;
        drawn.push(THROUGHPUT);
    }
    let curves = curves_of(report);
    if curves.iter().any(|(_, points)| points.len() > 1) {
        lines(&folder.join(CONNECTIONS), &curves).map_err(|error| failed(&error))?;
        drawn.push(CONNECTIONS);
    }
    Ok(drawn)
}

const THROUGHPUT: &str = "throughput.svg";
const CONNECTIONS: &str = "connections.svg";

/// The cases of the first chart, and how it calls them.
const BARS: [(&str, &str); 2] = [
    (
        "put",
        "Put: requests a second over 64 connections, 1 KiB each",
    ),
    (
        "cycle",
        "Put, get, delete: requests a second over 64 connections",
    ),
];

fn find<'a>(report: &'a Report, name: &str) -> Option<&'a CaseReport> {
    report.cases.iter().find(|case| case.name == name)
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Neither black nor white.
const INK: RGBColor = RGBColor(118, 127, 137);
const FAINT: RGBAColor = RGBAColor(118, 127, 137, 0.25);

const fn color(server: Server) -> RGBColor {
    match server {
        Server::Floor => RGBColor(140, 149, 159),
        Server::Fsync => RGBColor(47, 129, 247),
        Server::Flush => RGBColor(130, 120, 225),
        Server::None => RGBColor(190, 100, 200),
        Server::Memory => RGBColor(46, 160, 67),
        Server::Azurite => RGBColor(214, 115, 30),
    }
}

const fn title(server: Server) -> &'static str {
    match server {
        Server::Floor => "floor: hyper alone",
        Server::Fsync => "queuerite, fsync",
        Server::Flush => "queuerite, flush",
        Server::None => "queuerite, none",
        Server::Memory => "queuerite, in memory",
        Server::Azurite => "Azurite",
    }
}

fn font(size: u32) -> TextStyle<'static> {
    ("Helvetica, Arial, sans-serif", size)
        .into_font()
        .color(&INK)
}

const WIDTH: i32 = 760;
const BAR: i32 = 20;
const BAR_STEP: i32 = 30;
const BARS_LEFT: i32 = 170;
const BARS_RIGHT: i32 = 170;
const GROUP_HEAD: i32 = 44;

/// A bar for each server, group by group.
fn bars(path: &Path, groups: &[(&str, &CaseReport)]) -> Drawn {
    let height: usize = groups.iter().map(|(_, case)| case.rows.len()).sum();
    let height = i32::try_from(height).unwrap_or(1) * BAR_STEP;
    let height = height + i32::try_from(groups.len()).unwrap_or(1) * GROUP_HEAD + 16;
    let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
    let area = SVGBackend::new(path, size).into_drawing_area();
    let rows = || groups.iter().flat_map(|(_, case)| &case.rows);
    let most = rows().map(|row| row.median.per_second).fold(1.0, f64::max);
    let mut y = 0;
    for (title, case) in groups {
        area.draw_text(title, &font(17), (12, y + 16))?;
        y += GROUP_HEAD;
        for row in &case.rows {
            bar(&area, row, row.median.per_second / most, y)?;
            y += BAR_STEP;
        }
    }
    area.present()
}

fn bar(area: &Area<'_>, row: &Row, part: f64, y: i32) -> Drawn {
    let server = row.setup.server;
    let middle = y + BAR / 2;
    let name = font(14).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw_text(title(server), &name, (BARS_LEFT - 10, middle))?;
    #[expect(clippy::cast_possible_truncation, reason = "a part of the width")]
    let width = (f64::from(WIDTH - BARS_LEFT - BARS_RIGHT) * part).round() as i32;
    let corners = [(BARS_LEFT, y), (BARS_LEFT + width.max(1), y + BAR)];
    area.draw(&Rectangle::new(corners, color(server).filled()))?;
    let mut label = thousands(row.median.per_second);
    if let Some(of_floor) = row.of_floor.filter(|_| server != Server::Floor) {
        let _ = write!(label, "  ({:.0} % of the floor)", of_floor * 100.0);
    }
    let style = font(14).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text(&label, &style, (BARS_LEFT + width + 8, middle))
}

fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

type Curve = (Server, Vec<(f64, f64)>);

/// By server, the throughput of puts of 1 KiB over so many connections.
fn curves_of(report: &Report) -> Vec<Curve> {
    let servers = [
        Server::Floor,
        Server::Memory,
        Server::None,
        Server::Flush,
        Server::Fsync,
        Server::Azurite,
    ];
    let rows = || {
        let cases = report.cases.iter();
        cases
            .filter(|case| case.name.starts_with("put") || case.name.starts_with("curve: put"))
            .flat_map(|case| &case.rows)
            .filter(|row| row.setup.bytes == 1024)
    };
    let curves = servers.into_iter().map(|server| {
        let of_server = rows().filter(|row| row.setup.server == server);
        let points = of_server.map(|row| {
            let connections = u32::try_from(row.setup.connections).unwrap_or(u32::MAX);
            (f64::from(connections), row.median.per_second)
        });
        let mut points: Vec<_> = points.collect();
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
        points.dedup_by_key(|point| point.0);
        (server, points)
    });
    curves.filter(|(_, points)| points.len() > 1).collect()
}

/// A line for each server.
fn lines(path: &Path, curves: &[Curve]) -> Drawn {
    let area = SVGBackend::new(path, (WIDTH.unsigned_abs(), 420)).into_drawing_area();
    let points = || curves.iter().flat_map(|(_, points)| points);
    let most = points().map(|point| point.1).fold(1.0, f64::max) * 1.08;
    let widest = points().map(|point| point.0).fold(1.0, f64::max);
    area.draw_text("Puts a second, by connections", &font(17), (12, 16))?;
    let mut chart = ChartBuilder::on(&area)
        .margin_top(48)
        .margin_right(170)
        .margin_left(12)
        .margin_bottom(8)
        .x_label_area_size(42)
        .y_label_area_size(60)
        .build_cartesian_2d((1.0..widest).log_scale().base(2.0), 0.0..most)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(FAINT)
        .axis_style(FAINT)
        .x_labels(10)
        .y_labels(6)
        .x_desc("connections")
        .x_label_formatter(&|connections| format!("{connections:.0}"))
        .y_label_formatter(&|per_second| thousands(*per_second))
        .label_style(font(13))
        .axis_desc_style(font(13))
        .draw()?;
    for (server, points) in curves {
        let style = color(*server).stroke_width(2);
        chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
        let dots = points
            .iter()
            .map(|&point| Circle::new(point, 3, color(*server).filled()));
        chart.draw_series(dots)?;
    }
    // The names stand at the ends of their lines, moved apart where lines meet.
    let mut ends: Vec<_> = curves
        .iter()
        .filter_map(|(server, points)| Some((*server, chart.backend_coord(points.last()?))))
        .collect();
    ends.sort_by_key(|(_, (_, y))| *y);
    let mut lowest = 0;
    for (server, (x, y)) in ends {
        let y = y.max(lowest);
        lowest = y + 16;
        let color = color(server);
        let style = font(14)
            .color(&color)
            .pos(Pos::new(HPos::Left, VPos::Center));
        area.draw_text(title(server), &style, (x + 12, y))?;
    }
    area.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let numbers = [7.0, 999.6, 12_345.0, 1_234_567.0].map(thousands);
        assert_eq!(numbers, ["7", "1,000", "12,345", "1,234,567"]);
    }
}
