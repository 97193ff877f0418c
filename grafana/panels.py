"""Panels: what a dashboard module lists, and Grafana's own structure made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

Kind = Literal["stat", "timeseries", "stacked", "timeline", "heatmap", "table"]

DATASOURCE = models.DataSourceRef(type_val="prometheus", uid="${datasource}")
OK, WARNING, CRITICAL, QUIET = "green", "orange", "red", "blue"

# The SDK has no type for what all its panels have in common.
_PLAIN: Mapping[Kind, Any] = {
    "stat": stat.Panel,
    "timeseries": timeseries.Panel,
    "stacked": timeseries.Panel,
    "timeline": statetimeline.Panel,
    "heatmap": heatmap.Panel,
    "table": table.Panel,
}


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of a panel; `legend` names its series."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One panel. `unit` is one of Grafana's; `width` is in 24ths of the dashboard."""

    title: str
    description: str
    unit: str
    queries: Sequence[Query]
    kind: Kind = "timeseries"
    width: int = 12
    height: int = 8
    critical: float | None = None
    """From this value on it is shown as critical."""
    mappings: Mapping[float, tuple[str, str]] = field(default_factory=dict)
    """Text and colour of single values."""
    colors: Mapping[str, str] = field(default_factory=dict)
    """Colour of the series that has this name."""
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """For a table: title and unit of each column, by the name of its field."""
    link: str = ""
    """For a table: where a click on its first column leads."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


def one_number(
    title: str,
    description: str,
    unit: str,
    expr: str,
    *,
    width: int = 4,
    critical: float | None = None,
    mappings: Mapping[float, tuple[str, str]] | None = None,
) -> Panel:
    """Return a panel that shows what one number is now."""
    return Panel(
        title=title,
        description=description,
        unit=unit,
        kind="stat",
        width=width,
        height=4,
        critical=critical,
        mappings=mappings or {},
        queries=(Query(expr),),
    )


def lines(title: str, description: str, unit: str, *queries: Query) -> Panel:
    """Return a panel with a line for each series."""
    return Panel(title=title, description=description, unit=unit, queries=queries)


def areas(title: str, description: str, unit: str, *queries: Query) -> Panel:
    """Return a panel whose series stand on each other, so that their sum shows."""
    return Panel(title=title, description=description, unit=unit, kind="stacked", queries=queries)


def build(panel: Panel) -> Any:
    """Return the panel as the SDK's builder."""
    built = (
        _PLAIN[panel.kind]()
        .title(panel.title)
        .description(panel.description)
        .unit(panel.unit)
        .datasource(DATASOURCE)
        .span(panel.width)
        .height(panel.height)
        .targets([_target(panel, number) for number in range(len(panel.queries))])
    )
    if panel.mappings:
        built = built.mappings(_mappings(panel.mappings))
    for name, color in panel.colors.items():
        fixed = {"mode": "fixed", "fixedColor": color}
        built = built.override_by_name(
            name, [models.DynamicConfigValue(id_val="color", value=fixed)]
        )
    match panel.kind:
        case "stat":
            return _with_thresholds(panel, _as_stat(built))
        case "timeline":
            return _with_thresholds(panel, _as_timeline(built))
        case "heatmap":
            return _as_heatmap(built, panel.unit)
        case "table":
            return _as_table(built, panel)
    return _as_timeseries(built, stacked=panel.kind == "stacked")


def ref_id(number: int) -> str:
    """Return what Grafana calls the query of that number, from 0, of a panel."""
    return chr(ord("A") + number)


def _target(panel: Panel, number: int) -> Any:
    query = panel.queries[number]
    built = (
        prometheus.Dataquery().ref_id(ref_id(number)).datasource(DATASOURCE)
        .expr(query.expr).legend_format(query.legend)
    )  # fmt: skip
    if panel.kind == "heatmap":
        return built.range().format(PromQueryFormat.HEATMAP)
    if panel.kind == "table":
        return built.instant().format(PromQueryFormat.TABLE)
    return built.instant() if panel.kind == "stat" else built.range()


def _with_thresholds(panel: Panel, built: Any) -> Any:
    if panel.critical is None:
        steps = [models.Threshold(value=None, color=QUIET)]
    else:
        steps = [
            models.Threshold(value=None, color=OK),
            models.Threshold(value=panel.critical, color=CRITICAL),
        ]
    return built.thresholds(
        dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps)
    )


def _as_stat(built: Any) -> Any:
    return (
        built.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(kinds.BigValueColorMode.BACKGROUND)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .no_value("not known")
    )


def _as_timeline(built: Any) -> Any:
    return built.merge_values(True).show_value(kinds.VisibilityMode.NEVER).fill_opacity(80)


def _as_heatmap(built: Any, unit: str) -> Any:
    return built.y_axis(heatmap.YAxisConfig().unit(unit)).filter_values(
        heatmap.FilterValueRange().le(1e-9)
    )


def _as_timeseries(built: Any, *, stacked: bool) -> Any:
    legend = common.VizLegendOptions().show_legend(True).placement(kinds.LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI)
    built = (
        built.legend(legend.display_mode(kinds.LegendDisplayMode.LIST))
        .tooltip(tooltip.sort(kinds.SortOrder.DESCENDING))
        .show_points(kinds.VisibilityMode.NEVER)
        .axis_soft_min(0)
        # What is not known is a gap, and stays one.
        .span_nulls(False)
    )
    if stacked:
        built = built.fill_opacity(40).stacking(
            common.StackingConfig().group("A").mode(kinds.StackingMode.NORMAL)
        )
    return built


def _as_table(built: Any, panel: Panel) -> Any:
    names = {name: title for name, (title, _) in panel.columns.items()}
    built = (
        built.with_transformation(models.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            models.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {name: index for index, name in enumerate(panel.columns)},
                    "renameByName": names,
                },
            )
        )
        .filterable(True)
    )
    for number, (title, unit) in enumerate(panel.columns.values()):
        options = [models.DynamicConfigValue(id_val="unit", value=unit)]
        if panel.link and number == 0:
            link = {"title": "Open ${__value.text}", "url": panel.link}
            options.append(models.DynamicConfigValue(id_val="links", value=[link]))
        built = built.override_by_name(title, options)
    return built


def _mappings(texts: Mapping[float, tuple[str, str]]) -> list[models.ValueMap]:
    results = {
        f"{value:g}": models.ValueMappingResult(text=text, color=color, index=index)
        for index, (value, (text, color)) in enumerate(texts.items())
    }
    return [models.ValueMap(options=results)]
