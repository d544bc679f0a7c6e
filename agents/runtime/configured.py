"""One turn of the configured model: breaker, privacy, time, a counted second try, and a tidy reply."""

from __future__ import annotations

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage

from agents.context import RunContext
from agents.runtime.asking import ask, pause
from agents.runtime.faults import ModelFault, fault_of
from agents.runtime.replies import tidy
from agents.runtime.run import RunCancelled
from agents.runtime.view import shown, shown_tools, system_message

_TRIES = 2


def ask_configured(model: BaseChatModel, messages: list[AnyMessage], context: RunContext) -> AIMessage:
    """The reply of the configured model to a thread.

    Raises:
        ModelFault: it gave nothing that can be used, or is resting after failures.
        RunCancelled: the run was stopped meanwhile.
        Exception: whatever the model raised, after the second try where one could help.
    """
    if not context.breaker.may_ask():
        raise ModelFault(f"was not asked: it {context.breaker.reason} a short while ago")
    try:
        reply = _asked(model, messages, context)
    except RunCancelled:
        context.breaker.left_alone()
        raise
    except BaseException as error:
        fault = fault_of(error)
        if fault.counts:
            context.breaker.failed(fault.reason, fault.grave)
        else:
            context.breaker.left_alone()
        raise
    context.breaker.succeeded()
    if not reply.tool_calls and not str(reply.content).strip():
        raise ModelFault("gave an empty answer")
    return reply


def _asked(model: BaseChatModel, messages: list[AnyMessage], context: RunContext) -> AIMessage:
    view = [system_message(context), *shown(messages)]
    if context.masker is not None:
        view = [context.masker.mask_message(m) for m in view]
    bound = model.bind_tools(list(shown_tools()))
    for attempt in range(1, _TRIES + 1):
        context.run.model_calls += 1
        if context.run.model_calls > context.max_model_calls:
            raise ModelFault(f"did not come to an answer within {context.max_model_calls} calls")
        try:
            reply = ask(bound, view, context.run)
            break
        except Exception as error:
            if attempt == _TRIES or not fault_of(error).passing:
                raise
            pause(context.run)
    tidied = tidy(reply)
    return tidied if context.masker is None else context.masker.unmask_message(tidied)
