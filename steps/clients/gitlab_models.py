"""What GitLab answers, as far as it is used."""

from pydantic import Field

from steps.clients.reply import Reply


class Access(Reply):
    access_level: int = 0


class Permissions(Reply):
    project_access: Access | None = None
    group_access: Access | None = None


class Project(Reply):
    id: int
    path_with_namespace: str = ""
    permissions: Permissions | None = None


class Commit(Reply):
    id: str


class Branch(Reply):
    name: str
    commit: Commit


class Entry(Reply):
    """One line of a tree; `id` is git's own."""

    id: str
    name: str
    mode: str


class File(Reply):
    """A file with its blob's id."""

    blob_id: str
    execute_filemode: bool = False


class MergeRequest(Reply):
    """Which commit the target branch got is told by three fields; see `merged_as`."""

    iid: int
    web_url: str = ""
    state: str = ""
    source_branch: str = ""
    sha: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    merged_at: str | None = Field(default=None)

    @property
    def merged_as(self) -> str:
        """The commit that the target branch was updated to by the merge.

        A merge commit names itself; a squash without one is the squashed commit; a fast-forward
        brings the head of the source branch itself.
        """
        return self.merge_commit_sha or self.squash_commit_sha or self.sha or ""
