"""Pages of the documentation that follow from the code: tables and their relations, tasks, refusals."""

import importlib
from collections.abc import Iterator
from pkgutil import walk_packages

from celery import current_app
from django.apps import AppConfig, apps
from django.db.models import Field, ForeignKey, Model

from core.errors import KistError

OUR_APPS = ("core", "customers", "ledger", "lms", "payments")


def er_diagram() -> str:
    """Draw every table of ours and its foreign keys as a Mermaid diagram."""
    lines = ["```mermaid", "erDiagram"]
    for model in _our_models():
        lines.append(f"    {_box(model)} {{")
        lines += [f"        {_type(field)} {field.column}{_key(field)}" for field in model._meta.concrete_fields]
        lines.append("    }")
    for model in _our_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, ForeignKey) and _is_ours(field.related_model):
                parent = "|o" if field.null else "||"
                child = "o|" if field.unique else "o{"
                lines.append(f"    {_box(field.related_model)} {parent}--{child} {_box(model)} : {field.name}")
    lines.append("```")
    return "\n".join(lines)


def error_table() -> str:
    """List every refusal with its code, HTTP status and message, sorted by code."""
    rows = [f"| `{e.code}` | {e.http_status} | {e.template.replace('|', '/')} |" for e in refusals()]
    return "\n".join(["| code | HTTP | message |", "|---|---|---|", *rows])


def task_table() -> str:
    """List every background task with what it does and, where it runs by itself, how often."""
    current_app.loader.import_default_modules()
    schedule = {entry["task"]: str(entry["schedule"]) for entry in current_app.conf.beat_schedule.values()}
    tasks = sorted((name, task) for name, task in current_app.tasks.items() if not name.startswith("celery."))
    rows = [f"| `{name}` | {_sentence(task.__doc__)} | {schedule.get(name, 'on demand')} |" for name, task in tasks]
    return "\n".join(["| task | what it does | when |", "|---|---|---|", *rows])


def _sentence(docstring: str | None) -> str:
    return " ".join((docstring or "").split("\n\n")[0].split())


def _our_models() -> list[type[Model]]:
    """Return concrete models of our apps, in the order of the apps from the bottom up."""
    return [model for label in OUR_APPS for model in apps.get_app_config(label).get_models()]


def _is_ours(model: type[Model]) -> bool:
    return model._meta.app_label in OUR_APPS


def _box(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model.__name__}"


def _type(field: "Field[object, object]") -> str:
    return field.get_internal_type().removesuffix("Field")


def _key(field: "Field[object, object]") -> str:
    if field.primary_key:
        return " PK"
    if isinstance(field, ForeignKey):
        return " FK"
    return " UK" if field.unique else ""


def refusals() -> list[type[KistError]]:
    """Import every errors module of ours, then return what is below KistError and has a code, by code."""
    for config in apps.get_app_configs():
        if config.label in OUR_APPS:
            _import_error_modules(config)
    found = {cls.code: cls for cls in _descendants(KistError) if hasattr(cls, "code") and _is_of_an_app(cls)}
    return [found[code] for code in sorted(found)]


def _is_of_an_app(cls: type[KistError]) -> bool:
    return cls.__module__.split(".")[0] in OUR_APPS


def _import_error_modules(config: AppConfig) -> None:
    package = importlib.import_module(config.name)
    for module in walk_packages(package.__path__, prefix=f"{config.name}."):
        if module.name.endswith("errors"):
            importlib.import_module(module.name)


def _descendants(cls: type[KistError]) -> Iterator[type[KistError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
