"""Two examples for each command with many options, shown at the end of its help."""

EXAMPLES: dict[str, tuple[str, str]] = {
    "score": ("score a.mp4 b.mp4", "score videos --model my-models/ours --out scored"),
    "demo": ("demo", "demo --files try-it"),
    "train": (
        "train my-study --model auto -o my-models/ours",
        "train my-study.skillstudy --learn-from ratings -o my-models/ours",
    ),
    "finetune": (
        "finetune my-study.skillstudy --from sample-full --cost",
        "finetune my-study.skillstudy --model auto -o ours",
    ),
    "evaluate": (
        "evaluate my-study --model full,none --seeds 3 -o out/two",
        "evaluate my-study.skillstudy --model auto -o out/auto",
    ),
    "data features": ("data features my-study --jobs 4", "data features my-study.skillstudy --preset fine-detail"),
    "data import": (
        "data import ratings.xlsx --videos videos -o my-study",
        "data import ratings.csv --videos videos --items Flow,Care -o my-study",
    ),
    "study import-ratings": (
        "study import-ratings my-study.skillstudy ratings.xlsx --videos videos",
        "study import-ratings my-study.skillstudy ratings.csv --criterion Flow",
    ),
}
