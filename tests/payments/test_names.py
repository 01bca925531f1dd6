"""Names as banks and customers write them: the published examples fall in their bands, look-alikes are looked at."""

import pytest

from payments.names import Degree, Degrees, name_fit

# The thresholds that the service publishes beside its examples.
# SetuHQ/docs@306cece23de2e2256bfcb6dce810ed43921710ac:content/data/match-apis/name-match/quickstart.mdx
DEGREES = Degrees(complete=99, high=85, moderate=70, low=45)

# All eleven examples, with the degrees that the service gives them: forgiving, strict.
# SetuHQ/docs@3b88f0d29b4a878ff4de2ce4ff53f45b079ed943:content/data/match-apis/name-match/examples.mdx
PUBLISHED = [
    ("Rakesh Kumar Singh", "Rakesh Kumar Singh", Degree.COMPLETE, Degree.COMPLETE),
    # Printed in the same case there; the row is about case.
    ("Rakesh Kumar Singh", "RAKESH KUMAR SINGH", Degree.COMPLETE, Degree.COMPLETE),
    ("Mr. Rakesh Kumar Singh", "Rakesh Kumar Singh", Degree.COMPLETE, Degree.COMPLETE),
    ("Rakesh K Singh", "Rakesh Kumar Singh", Degree.HIGH, Degree.HIGH),
    ("Ashok Kumar Ganguly", "A K Ganguly", Degree.HIGH, Degree.HIGH),
    ("R K S", "Rakesh Kumar Singh", Degree.NONE, Degree.NONE),
    ("Anita Kumari", "Ankita Kumari", Degree.HIGH, Degree.MODERATE),
    ("Prakash Kumar Chowdhury", "Prakash Chowdhury", Degree.HIGH, Degree.MODERATE),
    ("Prakash Kumar Chowdhury", "Chowdhury Kumar Prakash", Degree.COMPLETE, Degree.MODERATE),
    ("Prakash Kumar Agarwal", "Amita Agarwal", Degree.LOW, Degree.LOW),
    ("Prakash Kumar Chowdhury", "Ram Prasad Singh", Degree.NONE, Degree.NONE),
]


@pytest.mark.parametrize(("ours", "theirs", "forgiving", "strict"), PUBLISHED)
def test_published_example_falls_in_its_degrees_in_both_directions(
    ours: str, theirs: str, forgiving: Degree, strict: Degree
) -> None:
    for fit in (name_fit(ours=ours, theirs=theirs), name_fit(ours=theirs, theirs=ours)):
        assert (DEGREES.of(fit.score), DEGREES.of(fit.strict_score)) == (forgiving, strict)


@pytest.mark.parametrize(
    ("ours", "theirs", "scores"),
    [
        ("Rakesh Kumar Singh", "R K S", (43, 27)),
        ("Anita Kumari", "Ankita Kumari", (90, 83)),
        ("Prakash Kumar Agarwal", "Amita Agarwal", (58, 47)),
        ("Prakash Kumar Chowdhury", "Prakash Chowdhury", (85, 73)),
    ],
)
def test_scores_are_those_published_without_their_decimals(ours: str, theirs: str, scores: tuple[int, int]) -> None:
    fit = name_fit(ours=ours, theirs=theirs)

    assert (fit.score, fit.strict_score) == scores


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Asha Verma", "SMT. ASHA VERMA"),
        ("Asha Verma", "VERMA ASHA"),
        ("Ram Kumar Gupta", "RAMKUMAR GUPTA"),
        ("Lakshmi Narayanan", "LAXMI NARAYANAN"),
        ("Deepak Choudhary", "DIPAK CHAUDHARY"),
        ("Mohd Irfan Shaikh", "MOHAMMED IRFAN SHEIKH"),
        ("Rakesh Kumar Singh", "RAKESH KR SINGH S/O MOHAN SINGH"),
        ("Rakesh Kumar Singh", "RAKESH K SINGH"),
        ("Kumari Asha Verma", "ASHA VERMA"),
        ("Shweta D'Souza", "SHWETA DSOUZA"),
    ],
)
def test_same_person_written_differently_may_pass_alone(ours: str, theirs: str) -> None:
    fit = name_fit(ours=ours, theirs=theirs)

    assert fit.score >= 90
    assert not fit.is_doubtful


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("Anita Kumari", "Ankita Kumari"),
        ("Rajesh Kumar Sharma", "Ramesh Kumar Sharma"),
        ("Sunita Kumar", "S KUMAR"),
        ("Anil Kumar Ganguly", "A K GANGULY"),
        ("Ram Singh", "RAMA SINGH"),
        ("Asha Verma", "आशा वर्मा"),
        ("Asha Verma", ""),
    ],
)
def test_name_that_another_person_could_have_is_in_doubt(ours: str, theirs: str) -> None:
    assert name_fit(ours=ours, theirs=theirs).is_doubtful


@pytest.mark.parametrize("theirs", ["VENKATARAMAN SUBRAMANIAN", "SUNIL PATIL"])
def test_somebody_elses_name_has_no_degree(theirs: str) -> None:
    assert DEGREES.of(name_fit(ours="Asha Verma", theirs=theirs).score) == Degree.NONE
