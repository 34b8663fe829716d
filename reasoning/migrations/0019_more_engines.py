"""Ollama and LM Studio among a deployment's engines."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reasoning", "0018_operators_halts")]

    operations = [
        migrations.AlterField(
            model_name="deployment",
            name="engine",
            field=models.CharField(
                choices=[
                    ("vllm", "vllm"),
                    ("llama_cpp", "llama_cpp"),
                    ("ollama", "ollama"),
                    ("lm_studio", "lm_studio"),
                    ("openai", "openai"),
                ],
                max_length=20,
            ),
        ),
    ]
