"""How does the hosted site's papers API look? Its own names, as its clients read them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Hosted(BaseModel):
    """What those answers are made of; unknown values are left out, never null."""

    model_config = ConfigDict(frozen=True)


class HostedError(Hosted):
    """An error as those clients read it."""

    error: str = Field(description="What happened and how to mend it.")


class HostedAuthor(Hosted):
    """An author."""

    oid: str = Field(serialization_alias="_id", description="Opaque, 24 hexadecimal digits.")
    name: str = Field(description="As the paper gives it.")
    hidden: bool = Field(default=False, description="Always false here.")


class HostedPaper(Hosted):
    """A paper, flat."""

    id: str = Field(description="The arXiv id; another paper's `scheme:value`.")
    authors: list[HostedAuthor] = Field(description="In the paper's order.")
    published_at: str | None = Field(
        default=None, serialization_alias="publishedAt", description="Day of the first version."
    )
    submitted_on_daily_at: str | None = Field(
        default=None,
        serialization_alias="submittedOnDailyAt",
        description="The day it was put on the daily list; what `date` asks for.",
    )
    title: str = Field(description="Readable Unicode.")
    summary: str = Field(description="The abstract.")
    upvotes: int = Field(description="Votes.")
    project_page: str | None = Field(
        default=None, serialization_alias="projectPage", description="The project's own page."
    )
    github_repo: str | None = Field(
        default=None, serialization_alias="githubRepo", description="The code's repository."
    )
    github_stars: int | None = Field(
        default=None, serialization_alias="githubStars", description="Stars of the repository."
    )
    ai_summary: str | None = Field(default=None, description="Only where a model wrote one.")
    ai_keywords: list[str] | None = Field(default=None, description="Topics.")


class HostedInfo(HostedPaper):
    """A paper asked for by its id."""

    num_comments: int = Field(serialization_alias="numComments", description="Comments.")


class HostedItem(Hosted):
    """A paper in a list: the paper, and around it what its clients read only there."""

    paper: HostedPaper
    published_at: str | None = Field(
        default=None,
        serialization_alias="publishedAt",
        description="The day it was put on the daily list: clients take it for that.",
    )
    submitted_on_daily_at: str | None = Field(
        default=None, serialization_alias="submittedOnDailyAt", description="The same day."
    )
    title: str = Field(description="Readable Unicode.")
    summary: str = Field(description="The abstract.")
    upvotes: int = Field(description="Votes: a client takes 0 only from here.")
    num_comments: int = Field(serialization_alias="numComments", description="Comments.")
    is_author_participating: bool = Field(
        default=False, serialization_alias="isAuthorParticipating", description="Always false here."
    )
    project_page: str | None = Field(
        default=None, serialization_alias="projectPage", description="The project's own page."
    )
    github_repo: str | None = Field(
        default=None, serialization_alias="githubRepo", description="The code's repository."
    )
    github_stars: int | None = Field(
        default=None, serialization_alias="githubStars", description="Stars of the repository."
    )
    ai_summary: str | None = Field(default=None, description="Only where a model wrote one.")
    ai_keywords: list[str] | None = Field(default=None, description="Topics.")
