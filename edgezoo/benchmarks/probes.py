"""A few hundred words that tell a working model from a broken one, without any dataset.

They are written for this purpose and too easy to tell good models apart: that is what `edgezoo eval` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# A text, one that means about the same, and one that does not.
TRIPLETS = (
    ("How do I reset my password?", "I forgot my login, help", "The soup was too salty"),
    ("The cat is sleeping on the sofa", "A kitten naps on the couch", "Stock prices fell sharply"),
    ("Where is my parcel?", "My package has not arrived", "She plays the violin well"),
    ("He is cooking dinner", "A man prepares a meal", "The satellite reached orbit"),
    ("The film was boring", "I found the movie dull", "Change the oil every year"),
    ("It will rain tomorrow", "The forecast says showers", "He bought a new laptop"),
    ("The doctor examined the patient", "A physician checked the sick man", "The concert sold out"),
    ("The company fired two hundred workers", "Staff were laid off by the firm", "Tulips bloom in spring"),
    ("My flight was cancelled", "The airline called off our plane", "Boil the potatoes first"),
    ("A child kicks a ball", "A boy is playing soccer", "The judge read the verdict"),
    ("The car would not start", "My vehicle's engine is dead", "Poetry readings every Friday"),
    ("Cheap hotel near the beach", "Affordable rooms by the sea", "How to solve an equation"),
    ("The president signed the law", "The bill was approved by the head of state", "My dog hates baths"),
    ("She is expecting a baby", "The woman is pregnant", "The printer is out of paper"),
    ("Turn the volume down", "Make the music quieter", "Whales are mammals"),
    ("The house is on fire", "A building is burning", "This shirt comes in blue"),
    ("I want my money back", "Please refund my order", "The moon orbits the earth"),
    ("The team won the match", "Our side beat the opponents in the game", "Add a pinch of salt"),
    ("He passed the exam", "The student succeeded in the test", "The road is closed for repairs"),
    ("Best restaurants in Rome", "Where to eat in Italy's capital", "The server returned an error"),
    ("The river flooded the village", "Water from the stream covered the town", "He tunes guitars"),
    ("Scientists discovered a new planet", "Astronomers found an unknown world", "Wash at forty degrees"),
    ("The phone's battery dies quickly", "My mobile runs out of power fast", "Grandma knits sweaters"),
    ("Prices are going up", "Inflation is rising", "The puppy chewed my shoe"),
    ("A woman is riding a horse", "A lady on horseback", "The software update failed"),
    ("Thieves robbed the bank", "Criminals stole cash from a bank", "The bread is still warm"),
    ("The lecture was about history", "A talk on the past", "My knee hurts when I run"),
    ("I am hungry", "I need something to eat", "The museum opens at nine"),
    ("The border was closed to refugees", "Migrants were stopped at the frontier", "Paint dries slowly"),
    ("Download the latest version", "Get the newest release of the program", "Two birds sat on a branch"),
)

# A review, and whether it speaks well of its subject.
REVIEWS = (
    ("A warm, funny, engaging film.", "positive"),
    ("Two hours that I will never get back.", "negative"),
    ("An absolute masterpiece, beautifully acted.", "positive"),
    ("Dull, predictable and far too long.", "negative"),
    ("I loved every minute of it.", "positive"),
    ("The worst movie of the year.", "negative"),
    ("A brilliant and moving story.", "positive"),
    ("A complete waste of time and money.", "negative"),
    ("Charming, clever and a joy to watch.", "positive"),
    ("The plot makes no sense and the acting is awful.", "negative"),
    ("A triumph from start to finish.", "positive"),
    ("Boring and badly written.", "negative"),
    ("One of the best films in years.", "positive"),
    ("A tedious mess.", "negative"),
    ("Delightful performances and a wonderful script.", "positive"),
    ("It fails on every level.", "negative"),
    ("Thrilling, smart and full of heart.", "positive"),
    ("Painfully unfunny.", "negative"),
    ("A gorgeous, unforgettable experience.", "positive"),
    ("A lifeless and pointless sequel.", "negative"),
)


def triplets(embed: Callable[[list[str]], Any]) -> float:
    """The share of TRIPLETS whose first text is nearer to the second than to the third."""
    texts = [text for triplet in TRIPLETS for text in triplet]
    vectors = np.asarray(embed(texts), dtype=np.float32).reshape(len(TRIPLETS), 3, -1)
    near, far = (np.einsum("td,td->t", vectors[:, 0], vectors[:, other]) for other in (1, 2))
    return float((near > far).mean())


def reviews(classify: Callable[[list[str]], Sequence[Any]]) -> float:
    """The share of REVIEWS that get their label."""
    answers = classify([text for text, _ in REVIEWS])
    right = [bool(answer.label == label) for answer, (_, label) in zip(answers, REVIEWS, strict=True)]
    return sum(right) / len(right)
