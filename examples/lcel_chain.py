"""A panel where a chat model is expected: ChatNSED in a LangChain chain.

python examples/lcel_chain.py                        # scripted experts, offline
python examples/lcel_chain.py --config nsed.toml     # yours
"""

import argparse

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

import nsed

PROMPT = ChatPromptTemplate(
    [
        ("system", "You are the bookkeeper of a shop."),
        ("human", "We sold {first} in April and half as many in May. How many?"),
    ]
)


def scripted_panel() -> nsed.DeliberationConfig:
    """Three experts; one of them is wrong at first."""
    marks = {"Answer: 72": 80, "Answer: 96": -40}
    return nsed.DeliberationConfig(
        experts=(
            nsed.scripted("ada", "24 + 48 = 72\nAnswer: 72", weights=marks),
            nsed.scripted("bob", "Answer: 96", "Answer: 72", weights=marks),
            nsed.scripted("cy", "Answer: 72", weights=marks),
        )
    )


def main() -> None:
    """Run the chain, then look at what its chat model says about itself."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", help="a nsed.toml; without it, scripted experts")
    asked = parser.parse_args()
    chat = (
        nsed.ChatNSED(config_file=asked.config)
        if asked.config
        else nsed.ChatNSED(config=scripted_panel())
    )
    question = {"first": "48 clips"}

    chain = PROMPT | chat | StrOutputParser()
    print("chain:", chain.invoke(question).splitlines()[-1])

    message = (PROMPT | chat).invoke(question)
    said = message.response_metadata["nsed"]
    print("status:", said["status"], "after", said["rounds"], "round(s)")


if __name__ == "__main__":
    main()
