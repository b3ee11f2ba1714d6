import pytest

from kanpde.studies import Run


@pytest.fixture
def make_run():
    """A finished run whose error is `errors[k]` after k steps of `pace` seconds each."""

    def make(net, seed, errors, *, size=4, pace=1.0, status="budget", grids=None, count=100):
        curve = [
            {
                "step": k,
                "seconds": pace * k,
                "loss": error**2,
                "predicted": None,
                "coefficients": count,
                "grid": None if grids is None else grids[k],
                "error": error,
            }
            for k, error in enumerate(errors)
        ]
        return Run(
            net=net,
            size=size,
            seed=seed,
            network=f"{net} of width {size}",
            coefficients=count,
            status=status,
            error=errors[-1],
            predicted=None,
            curve=curve,
        )

    return make
