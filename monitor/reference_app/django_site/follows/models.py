"""People, and who follows whom."""

from django.db import models, transaction
from django.db.models import F


class Person(models.Model):
    """Somebody, known by the mail address."""

    address = models.EmailField(primary_key=True)
    following = models.PositiveIntegerField(default=0)
    followers = models.PositiveIntegerField(default=0)
    welcome_email_sent = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.address)


class Follow(models.Model):
    """One follows another."""

    follower = models.ForeignKey(Person, models.CASCADE, related_name="+")
    followed = models.ForeignKey(Person, models.CASCADE, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["follower", "followed"], name="follows_once"),
        )

    @classmethod
    def record(cls, follower: str, followed: str) -> bool:
        """Let one follow the other and raise both counts; return whether that is new."""
        with transaction.atomic():
            people = [Person.objects.get_or_create(address=who)[0] for who in (follower, followed)]
            _, is_new = cls.objects.get_or_create(follower=people[0], followed=people[1])
            if is_new:
                Person.objects.filter(address=follower).update(following=F("following") + 1)
                Person.objects.filter(address=followed).update(followers=F("followers") + 1)
            return bool(is_new)

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followed_id}"
